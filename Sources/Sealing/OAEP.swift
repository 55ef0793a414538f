import COpenSSL

/// RSAES-OAEP (RFC 8017, 7.1), with the same hash for the mask.
enum OAEP {
    case sha1
    case sha256

    func encrypt(_ key: [UInt8], for handle: KeyHandle) throws -> [UInt8] {
        try run(key, handle, start: { EVP_PKEY_encrypt_init($0) }, transform: EVP_PKEY_encrypt)
    }

    func decrypt(_ encrypted: [UInt8], with handle: KeyHandle) throws -> [UInt8] {
        try run(encrypted, handle, start: { EVP_PKEY_decrypt_init($0) }, transform: EVP_PKEY_decrypt)
    }

    private typealias Transform = (
        OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int>?, UnsafePointer<UInt8>?, Int
    ) -> Int32

    private func run(
        _ input: [UInt8], _ handle: KeyHandle, start: (OpaquePointer) -> Int32, transform: Transform
    ) throws -> [UInt8] {
        guard let context = EVP_PKEY_CTX_new_from_pkey(nil, handle.pointer, nil) else {
            throw libraryError("RSA context")
        }
        defer { EVP_PKEY_CTX_free(context) }
        try check(start(context), "RSA")
        try check(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING), "OAEP")
        try check(EVP_PKEY_CTX_set_rsa_oaep_md(context, hash), "OAEP hash")
        try check(EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash), "OAEP mask")
        return try [UInt8](unsafeUninitializedCapacity: handle.size) { buffer, initialized in
            var count = handle.size
            try check(transform(context, buffer.baseAddress, &count, input, input.count), "OAEP")
            initialized = count
        }
    }

    private var hash: OpaquePointer? {
        switch self {
        case .sha1: EVP_sha1()
        case .sha256: EVP_sha256()
        }
    }
}
