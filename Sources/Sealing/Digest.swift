import COpenSSL

/// Hash functions (FIPS 180-4, RFC 1321). `.hex` of the result gives the usual text.
package enum Digest {
    package static func sha256(_ data: some Sequence<UInt8>) -> [UInt8] { digest("SHA256", length: 32, data) }
    package static func sha512(_ data: some Sequence<UInt8>) -> [UInt8] { digest("SHA512", length: 64, data) }
    /// For checksums that others made; not for anything new.
    package static func sha1(_ data: some Sequence<UInt8>) -> [UInt8] { digest("SHA1", length: 20, data) }
    /// For Gravatar's addresses only.
    package static func md5(_ data: some Sequence<UInt8>) -> [UInt8] { digest("MD5", length: 16, data) }

    private static func digest(_ name: String, length: Int, _ data: some Sequence<UInt8>) -> [UInt8] {
        withBytes(data) { data in
            [UInt8](unsafeUninitializedCapacity: length) { buffer, initialized in
                guard EVP_Q_digest(nil, name, nil, data.baseAddress, data.count, buffer.baseAddress, nil) == 1 else {
                    preconditionFailure("\(libraryError(name))")
                }
                initialized = length
            }
        }
    }
}
