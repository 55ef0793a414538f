/// The public half of an RSA key pair.
package struct PublicKey: Sendable {
    let handle: KeyHandle
    /// SubjectPublicKeyInfo.
    package let pem: String
    /// The SHA-256 thumbprint of the key (RFC 7638), base64url: the `kid` of what is encrypted with it.
    package let keyID: String

    private let modulus: [UInt8]
    private let exponent: [UInt8]

    package init(pem: String) throws {
        try self.init(handle: .readPublic(pem: pem))
    }

    init(handle: KeyHandle) throws {
        self.handle = handle
        pem = try handle.publicPEM()
        modulus = try handle.modulus()
        exponent = try handle.exponent()
        // RFC 7638, 3.2: these members, in this order, without white space.
        let members = #"{"e":"\#(exponent.base64URL)","kty":"RSA","n":"\#(modulus.base64URL)"}"#
        keyID = Digest.sha256(members.utf8).base64URL
    }

    /// The line of an `authorized_keys` file (RFC 4253, 6.6), without line end.
    package var sshPublicKey: String { sshPublicKey(comment: "") }

    package func sshPublicKey(comment: String) -> String {
        let blob = sshString(Array("ssh-rsa".utf8)) + sshInteger(exponent) + sshInteger(modulus)
        return "ssh-rsa \(blob.base64)" + (comment.isEmpty ? "" : " \(comment)")
    }
}

/// `string` of RFC 4251, section 5.
private func sshString(_ bytes: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt32(bytes.count).bigEndian, Array.init) + bytes
}

/// `mpint` of RFC 4251, section 5: a leading zero keeps a number positive.
private func sshInteger(_ magnitude: [UInt8]) -> [UInt8] {
    sshString(magnitude.first.map { $0 < 0x80 } ?? true ? magnitude : [0] + magnitude)
}
