import COpenSSL

/// An RSA key inside OpenSSL, a pair or the public half.
///
/// `@unchecked`: the key is not changed after `init`, and OpenSSL guards what it caches in one with a lock of its own.
final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Smaller keys are weak, greater ones cost a server seconds.
    private static let sizes: ClosedRange<Int32> = 2048...8192

    /// A new pair of 2048 bits.
    static func generate() throws -> KeyHandle {
        guard let pointer = skep_generate_rsa(2048) else { throw libraryError("generate RSA key") }
        return try KeyHandle(owning: pointer)
    }

    /// PKCS #8 or the older PKCS #1, without a passphrase.
    static func readPrivate(pem: String) throws -> KeyHandle {
        try read(pem, "private key") { bio in
            // Without this function OpenSSL would ask at the terminal for the passphrase of an encrypted key.
            PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil)
        }
    }

    /// SubjectPublicKeyInfo.
    static func readPublic(pem: String) throws -> KeyHandle {
        try read(pem, "public key") { bio in PEM_read_bio_PUBKEY(bio, nil, { _, _, _, _ in -1 }, nil) }
    }

    private static func read(
        _ pem: String, _ name: String, with read: (OpaquePointer) -> OpaquePointer?
    ) throws -> KeyHandle {
        let bytes = Array(pem.utf8)
        guard let count = Int32(exactly: bytes.count) else { throw SealingError.tooLarge }
        guard let bio = BIO_new(BIO_s_mem()) else { throw libraryError("memory") }
        defer { BIO_free(bio) }
        guard BIO_write(bio, bytes, count) == count, let pointer = read(bio) else {
            ERR_clear_error()
            throw SealingError.malformed("not the PEM of an RSA \(name)")
        }
        return try KeyHandle(owning: pointer)
    }

    private init(owning pointer: OpaquePointer) throws {
        self.pointer = pointer
        guard EVP_PKEY_is_a(pointer, "RSA") == 1, Self.sizes.contains(EVP_PKEY_get_bits(pointer)) else {
            throw SealingError.malformed("not an RSA key of 2048 to 8192 bits")
        }
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// Bytes of the modulus, so of everything encrypted with the key.
    var size: Int { Int(EVP_PKEY_get_size(pointer)) }

    func modulus() throws -> [UInt8] { try number(OSSL_PKEY_PARAM_RSA_N) }
    func exponent() throws -> [UInt8] { try number(OSSL_PKEY_PARAM_RSA_E) }

    /// Big-endian, without leading zeros.
    private func number(_ name: String) throws -> [UInt8] {
        var number: OpaquePointer?
        try check(EVP_PKEY_get_bn_param(pointer, name, &number), "RSA parameter")
        defer { BN_free(number) }
        var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
        BN_bn2bin(number, &bytes)
        return bytes
    }

    /// PKCS #8.
    func privatePEM() throws -> String {
        try write { bio in PEM_write_bio_PKCS8PrivateKey(bio, pointer, nil, nil, 0, nil, nil) }
    }

    func publicPEM() throws -> String {
        try write { bio in PEM_write_bio_PUBKEY(bio, pointer) }
    }

    private func write(_ write: (OpaquePointer) -> Int32) throws -> String {
        guard let bio = BIO_new(BIO_s_mem()) else { throw libraryError("memory") }
        defer { BIO_free(bio) }
        try check(write(bio), "write PEM")
        var contents: UnsafeMutablePointer<CChar>?
        let count = skep_bio_contents(bio, &contents)
        return String(decoding: UnsafeRawBufferPointer(start: contents, count: count), as: UTF8.self)
    }
}
