/// Names that a shell and a substitution can both use.
enum VariableName {
    static let maximumLength = 100

    static func check(_ entry: YAMLValue.Entry) throws(ConfigurationError) {
        guard isValid(entry.key) else {
            throw ConfigurationError(
                at: entry.place,
                "\(quoted(entry.key)) cannot name a variable; use letters, digits and _, no digit first, 100 at most"
            )
        }
    }

    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, !isDigit(first), name.utf8.count <= maximumLength else { return false }
        return name.utf8.allSatisfy(isPart)
    }

    /// Whether the byte may stand in a name.
    static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: isDigit(byte)
        }
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
