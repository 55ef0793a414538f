import COpenSSL

/// AES in Galois/counter mode (NIST SP 800-38D) with a nonce of 12 bytes and a tag of 16.
enum GCM {
    static let nonceLength = 12
    static let tagLength = 16

    /// The key is 16 or 32 bytes; a nonce is never used twice with it.
    static func seal(
        _ plaintext: [UInt8], key: [UInt8], nonce: [UInt8], additional: [UInt8]
    ) throws -> (ciphertext: [UInt8], tag: [UInt8]) {
        let context = try CipherContext(key: key, nonce: nonce, isSealing: true)
        try context.authenticate(additional)
        let ciphertext = try context.update(plaintext)
        try check(context.finish(), "seal")
        return (ciphertext, try context.tag())
    }

    static func open(
        _ ciphertext: [UInt8], tag: [UInt8], key: [UInt8], nonce: [UInt8], additional: [UInt8]
    ) throws -> [UInt8] {
        let context = try CipherContext(key: key, nonce: nonce, isSealing: false)
        try context.expect(tag: tag)
        try context.authenticate(additional)
        let plaintext = try context.update(ciphertext)
        guard context.finish() == 1 else {
            ERR_clear_error()
            throw SealingError.authenticationFailed
        }
        return plaintext
    }
}

/// One run of the cipher.
private final class CipherContext {
    private let pointer: OpaquePointer

    init(key: [UInt8], nonce: [UInt8], isSealing: Bool) throws {
        guard nonce.count == GCM.nonceLength else { throw SealingError.malformed("the nonce is not 12 bytes") }
        guard let pointer = EVP_CIPHER_CTX_new() else { throw libraryError("cipher context") }
        self.pointer = pointer
        try check(EVP_CipherInit_ex2(pointer, Self.cipher(key), key, nonce, isSealing ? 1 : 0, nil), "AES-GCM")
    }

    deinit {
        EVP_CIPHER_CTX_free(pointer)
    }

    private static func cipher(_ key: [UInt8]) throws -> OpaquePointer? {
        switch key.count {
        case 16: EVP_aes_128_gcm()
        case 32: EVP_aes_256_gcm()
        default: throw SealingError.malformed("the key is not 16 or 32 bytes")
        }
    }

    func authenticate(_ data: [UInt8]) throws {
        guard !data.isEmpty else { return }
        guard let count = Int32(exactly: data.count) else { throw SealingError.tooLarge }
        var written: Int32 = 0
        try check(EVP_CipherUpdate(pointer, nil, &written, data, count), "additional data")
    }

    func update(_ input: [UInt8]) throws -> [UInt8] {
        guard !input.isEmpty else { return [] }
        guard let count = Int32(exactly: input.count) else { throw SealingError.tooLarge }
        return try [UInt8](unsafeUninitializedCapacity: input.count) { buffer, initialized in
            var written: Int32 = 0
            try check(EVP_CipherUpdate(pointer, buffer.baseAddress, &written, input, count), "AES-GCM")
            initialized = Int(written)
        }
    }

    /// 1 for success. In this mode nothing is left to be written at the end.
    func finish() -> Int32 {
        var unused = [UInt8](repeating: 0, count: 16)
        var written: Int32 = 0
        return EVP_CipherFinal_ex(pointer, &unused, &written)
    }

    func tag() throws -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: GCM.tagLength)
        try check(EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag), "tag")
        return tag
    }

    func expect(tag: [UInt8]) throws {
        guard tag.count == GCM.tagLength else { throw SealingError.malformed("the tag is not 16 bytes") }
        var tag = tag
        try check(EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag), "tag")
    }
}
