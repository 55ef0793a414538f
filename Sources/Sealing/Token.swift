/// What a user or an agent shows to be let in: a prefix, 40 random characters (238 bits), and 6 of check sum, so that a
/// mistyped token is told from a revoked one without a look into the database, and a scanner finds leaked ones.
///
/// Only `hash` is stored.
package struct Token: Sendable, Hashable, Redacted {
    package static let userPrefix = "skep_"
    package static let agentPrefix = "skepa_"
    /// Of the token that a running job gets for the API.
    package static let jobPrefix = "skepj_"

    package let text: String

    /// Up to and with the underscore.
    package var prefix: String { String(text.dropLast(Self.randomLength + Self.checksumLength)) }
    /// SHA-256 of the text. Needs no salt: nobody can try 2^238 texts.
    package var hash: [UInt8] { Digest.sha256(text.utf8) }

    private static let randomLength = 40
    private static let checksumLength = 6
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// A new token. The prefix is one of those above.
    package static func generate(prefix: String = userPrefix) -> Token {
        // The system's generator is the kernel's, so fit for secrets, and `random(in:)` favours no character.
        let random = (0..<randomLength).map { _ in alphabet[Int.random(in: alphabet.indices)] }
        let unchecked = prefix + String(decoding: random, as: UTF8.self)
        return Token(checked: unchecked + checksum(of: unchecked.utf8))
    }

    /// nil unless the text has the form of a token and its check sum.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        let start = bytes.count - Self.randomLength - Self.checksumLength
        guard start > 0, bytes[start...].allSatisfy(Self.alphabet.contains) else { return nil }
        let prefix = String(decoding: bytes[..<start], as: UTF8.self)
        guard [Self.userPrefix, Self.agentPrefix, Self.jobPrefix].contains(prefix) else { return nil }
        let unchecked = bytes.dropLast(Self.checksumLength)
        guard Self.checksum(of: unchecked).utf8.elementsEqual(bytes[unchecked.endIndex...]) else { return nil }
        self.init(checked: String(text))
    }

    private init(checked text: String) {
        self.text = text
    }

    /// CRC-32 in base 62, most significant digit first.
    private static func checksum(of bytes: some Sequence<UInt8>) -> String {
        var rest = Int(CRC32.checksum(bytes))
        let digits = (0..<checksumLength).map { _ in
            defer { rest /= alphabet.count }
            return alphabet[rest % alphabet.count]
        }
        return String(decoding: digits.reversed(), as: UTF8.self)
    }
}
