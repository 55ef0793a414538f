/// What PostgreSQL keeps of a password, made on this side: the password itself then reaches neither the server nor its log.
package enum PasswordVerifier {
    /// For SCRAM-SHA-256 (RFC 7677), in the form that `create role … password` takes.
    ///
    /// - Parameter password: printable ASCII; nothing else is prepared as RFC 4013 asks.
    package static func scramSHA256(_ password: String, salt: [UInt8] = randomBytes(16), iterations: Int = 4096)
        -> String
    {
        let salted = saltedPassword(Array(password.utf8), salt, iterations)
        let stored = Digest.sha256(HMAC.sha256(key: salted, data: "Client Key".utf8))
        let server = HMAC.sha256(key: salted, data: "Server Key".utf8)
        return "SCRAM-SHA-256$\(iterations):\(salt.base64)$\(stored.base64):\(server.base64)"
    }

    /// `Hi` of RFC 5802, section 2.2.
    private static func saltedPassword(_ password: [UInt8], _ salt: [UInt8], _ iterations: Int) -> [UInt8] {
        var block = HMAC.sha256(key: password, data: salt + [0, 0, 0, 1])
        var sum = block
        for _ in 1..<iterations {
            block = HMAC.sha256(key: password, data: block)
            for index in sum.indices { sum[index] ^= block[index] }
        }
        return sum
    }
}
