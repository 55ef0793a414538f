import COpenSSL

/// `count` bytes from OpenSSL's generator. Ends the process when there is no randomness to be had.
package func randomBytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        guard count == 0 || RAND_bytes(buffer.baseAddress, Int32(count)) == 1 else {
            preconditionFailure("\(libraryError("random bytes"))")
        }
        initialized = count
    }
}
