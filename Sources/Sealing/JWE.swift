/// JSON Web Encryption in its compact form (RFC 7516): five base64url parts with dots between them.
///
/// Writes RSA-OAEP-256 with A256GCM and a `kid`. Reads that, with or without `kid`, and RSA-OAEP with A128GCM or
/// A256GCM without `kid`, which is what the older clients make.
package enum JWE {
    /// Bytes of the compact form, written or read.
    package static let maximumLength = 1 << 20

    /// Throws `tooLarge` where the result would be longer than `maximumLength`: from about 780 kB.
    package static func encrypt(_ plaintext: [UInt8], for key: PublicKey) throws -> String {
        guard plaintext.count < maximumLength else { throw SealingError.tooLarge }
        let header = JWEHeader.written(keyID: key.keyID).base64URL
        let contentKey = randomBytes(32)
        let nonce = randomBytes(GCM.nonceLength)
        let (ciphertext, tag) = try GCM.seal(plaintext, key: contentKey, nonce: nonce, additional: Array(header.utf8))
        let encryptedKey = try OAEP.sha256.encrypt(contentKey, for: key.handle)
        let compact = ([header] + [encryptedKey, nonce, ciphertext, tag].map(\.base64URL)).joined(separator: ".")
        guard compact.utf8.count <= maximumLength else { throw SealingError.tooLarge }
        return compact
    }

    package static func encrypt(_ plaintext: [UInt8], for pair: KeyPair) throws -> String {
        try encrypt(plaintext, for: pair.publicKey)
    }

    /// Opens with the key that `kid` names, or without `kid` with the first that fits; `keys` has the newest first.
    ///
    /// Throws `tooLarge`, `malformed`, `unknownKey` for a `kid` that is not among the keys, and `authenticationFailed`
    /// for all that goes wrong once a private key is used.
    package static func decrypt(_ compact: String, keys: [KeyPair]) throws -> [UInt8] {
        let message = try Message(compact)
        for key in try candidates(keys, keyID: message.header.keyID) {
            do {
                return try message.open(with: key)
            } catch SealingError.authenticationFailed {
                continue
            }
        }
        throw SealingError.authenticationFailed
    }

    private static func candidates(_ keys: [KeyPair], keyID: String?) throws -> [KeyPair] {
        guard let keyID else { return keys }
        guard let key = keys.first(where: { $0.keyID == keyID }) else { throw SealingError.unknownKey(keyID) }
        return [key]
    }
}

extension JWE {
    /// The parts of a compact form whose lengths and header are right.
    private struct Message {
        let header: JWEHeader
        /// The header as it was sent: what GCM's tag covers.
        let additional: [UInt8]
        let encryptedKey: [UInt8]
        let nonce: [UInt8]
        let ciphertext: [UInt8]
        let tag: [UInt8]

        init(_ compact: String) throws {
            guard compact.utf8.count <= maximumLength else { throw SealingError.tooLarge }
            let texts = compact.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            let parts = texts.compactMap(Base64.url.decode)
            guard texts.count == 5, parts.count == 5 else { throw SealingError.malformed("not five base64url parts") }
            guard parts[2].count == GCM.nonceLength else { throw SealingError.malformed("the IV is not 12 bytes") }
            guard parts[4].count == GCM.tagLength else { throw SealingError.malformed("the tag is not 16 bytes") }
            header = try JWEHeader(parts[0])
            additional = Array(texts[0])
            encryptedKey = parts[1]
            nonce = parts[2]
            ciphertext = parts[3]
            tag = parts[4]
        }

        func open(with key: KeyPair) throws -> [UInt8] {
            try GCM.open(ciphertext, tag: tag, key: contentKey(key), nonce: nonce, additional: additional)
        }

        /// A content key that cannot be had is replaced by a random one, and opening then fails like that of a changed
        /// ciphertext: who sends messages must not learn which part was wrong (RFC 7516, 11.5).
        private func contentKey(_ pair: KeyPair) -> [UInt8] {
            let random = randomBytes(header.contentKeyLength)
            guard let key = try? header.wrapping.decrypt(encryptedKey, with: pair.handle) else { return random }
            return key.count == header.contentKeyLength ? key : random
        }
    }
}
