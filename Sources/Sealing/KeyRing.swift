/// The AES-256 keys that secrets at rest are sealed with. New ones are sealed with the first key of the ring; the
/// others still open what was sealed with them.
///
/// Nonces are random, so a key is good for 2^32 secrets (NIST SP 800-38D, 8.3).
package struct KeyRing: Sendable, Redacted {
    struct Key: Sendable, Redacted {
        let id: String
        let bytes: [UInt8]

        static let length = 32
    }

    /// Never empty; ids are unique.
    let keys: [Key]

    init(current: Key, older: [Key]) {
        keys = [current] + older
    }

    package var currentKeyID: String { keys[0].id }
    package var keyIDs: [String] { keys.map(\.id) }

    /// Seals with the current key. `context` says whose secret it is, such as `key_pairs/private/42`: it is not stored,
    /// and only who names it again can open. So a sealed value moved to another row stays shut.
    package func seal(_ plaintext: [UInt8], context: String) throws -> Sealed {
        let nonce = randomBytes(GCM.nonceLength)
        let (ciphertext, tag) = try GCM.seal(
            plaintext, key: keys[0].bytes, nonce: nonce, additional: Array(context.utf8))
        return Sealed(keyID: currentKeyID, bytes: nonce + ciphertext + tag)
    }

    /// Throws `unknownKey`, `malformed` when too short, and `authenticationFailed` for everything else.
    package func open(_ sealed: Sealed, context: String) throws -> [UInt8] {
        let key = try key(sealed.keyID)
        guard sealed.bytes.count >= GCM.nonceLength + GCM.tagLength else {
            throw SealingError.malformed("a sealed value has at least 28 bytes")
        }
        let ciphertext = sealed.bytes.dropFirst(GCM.nonceLength).dropLast(GCM.tagLength)
        return try GCM.open(
            Array(ciphertext), tag: sealed.bytes.suffix(GCM.tagLength), key: key.bytes,
            nonce: Array(sealed.bytes.prefix(GCM.nonceLength)), additional: Array(context.utf8))
    }

    /// 32 bytes that tell this key from another of the same id, and tell nothing else about it. Stored when the key is
    /// first used, so that a server with a wrong ring refuses to start instead of sealing what nobody can open.
    package func checkValue(of keyID: String) throws -> [UInt8] {
        HMAC.sha256(key: try key(keyID).bytes, data: "skep key check v1".utf8)
    }

    /// Throws `wrongKey` unless the key of this id is the one that the stored `checkValue` is of.
    package func verify(checkValue: [UInt8], of keyID: String) throws {
        guard constantTimeEqual(try self.checkValue(of: keyID), checkValue) else { throw SealingError.wrongKey(keyID) }
    }

    /// 32 bytes for each key of the ring, the current one's first, that tell whether two texts are the same, and nothing about
    /// them to who has no key. `context` says what they are of, so that they match nothing else.
    package func fingerprints(of data: [UInt8], context: String) -> [[UInt8]] {
        keys.map {
            HMAC.sha256(key: HMAC.sha256(key: $0.bytes, data: "skep fingerprint v1 \(context)".utf8), data: data)
        }
    }

    private func key(_ id: String) throws -> Key {
        guard let key = keys.first(where: { $0.id == id }) else { throw SealingError.unknownKey(id) }
        return key
    }
}
