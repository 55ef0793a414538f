import COpenSSL

/// Keyed hashes (RFC 2104). Compare with `constantTimeEqual`, or let `isValid` do it.
package enum HMAC {
    package static func sha256(key: some Sequence<UInt8>, data: some Sequence<UInt8>) -> [UInt8] {
        mac(hash: "SHA256", length: 32, key: Array(key), data: data)
    }

    /// Whether `code` is the HMAC-SHA256 of `data`, compared in constant time.
    package static func isValid(
        sha256 code: some Sequence<UInt8>, key: some Sequence<UInt8>, data: some Sequence<UInt8>
    ) -> Bool {
        constantTimeEqual(code, sha256(key: key, data: data))
    }

    private static func mac(hash: String, length: Int, key: [UInt8], data: some Sequence<UInt8>) -> [UInt8] {
        // OpenSSL takes an empty key for a missing one. Keys are padded with zeros, so one zero is the same key.
        let key = key.isEmpty ? [0] : key
        return withBytes(data) { data in
            [UInt8](unsafeUninitializedCapacity: length) { buffer, initialized in
                let code = EVP_Q_mac(
                    nil, "HMAC", nil, hash, nil, key, key.count, data.baseAddress, data.count, buffer.baseAddress,
                    length, nil)
                guard code != nil else { preconditionFailure("\(libraryError("HMAC"))") }
                initialized = length
            }
        }
    }
}
