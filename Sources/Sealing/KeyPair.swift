import Dispatch

/// The RSA key pair of a repository.
package struct KeyPair: Sendable, Redacted {
    let handle: KeyHandle
    /// PKCS #8.
    package let privatePEM: String
    package let publicKey: PublicKey

    /// A new pair of 2048 bits. Takes some hundred milliseconds of one core.
    package static func generate() throws -> KeyPair {
        try KeyPair(handle: .generate())
    }

    /// As `generate`, on a thread of its own: nobody else waits for it.
    package static func generated() async throws -> KeyPair {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try generate() }) }
        }
    }

    /// Reads PKCS #8 or PKCS #1 of 2048 to 8192 bits, without a passphrase.
    package init(privatePEM: String) throws {
        try self.init(handle: .readPrivate(pem: privatePEM))
    }

    private init(handle: KeyHandle) throws {
        self.handle = handle
        privatePEM = try handle.privatePEM()
        publicKey = try PublicKey(handle: handle)
    }

    package var publicPEM: String { publicKey.pem }
    package var keyID: String { publicKey.keyID }
    package var sshPublicKey: String { publicKey.sshPublicKey }
    package func sshPublicKey(comment: String) -> String { publicKey.sshPublicKey(comment: comment) }
}
