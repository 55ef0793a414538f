import Sealing

/// Bytes written as hexadecimal digits; spaces are for the reader.
struct Bytes: ExpressibleByStringLiteral, Sendable {
    let value: [UInt8]

    init(stringLiteral text: String) {
        guard let value = [UInt8](hex: text.filter { $0 != " " }) else { preconditionFailure("not hex: \(text)") }
        self.value = value
    }
}

/// One key pair for the whole run, for making one takes long.
enum SharedKey {
    private static let generated = Result { try KeyPair.generate() }

    static func pair() throws -> KeyPair { try generated.get() }
}
