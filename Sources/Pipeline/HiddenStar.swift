import Yams

/// A private character that the file does not have, in place of every `*`, so that Yams never sees an alias.
///
/// Yams would hash an alias that stands in a key with all it expands to, which takes for ever for a nest of them, and
/// it tells no place of a use. A plain scalar that begins with the private character can only have been an alias.
struct HiddenStar {
    private let character: Unicode.Scalar

    /// nil if the text uses all 6400 private characters.
    init?(for text: String) {
        let unused = (0xE000...0xF8FF as ClosedRange<UInt32>).lazy.compactMap(Unicode.Scalar.init)
            .first { Self.isUnused($0, in: text) }
        guard let unused else { return nil }
        character = unused
    }

    func hide(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "*" ? character : $0 }))
    }

    func restore(_ text: String) -> String {
        guard text.unicodeScalars.contains(character) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == character ? "*" : $0 }))
    }

    /// The name of the anchor that the node refers to, if it is an alias in the file.
    func alias(_ node: Node) throws(ConfigurationError) -> String? {
        guard let scalar = node.scalar, scalar.style == .plain, scalar.string.unicodeScalars.first == character else {
            return nil
        }
        let name = scalar.string.unicodeScalars.dropFirst()
        guard !name.isEmpty, name.allSatisfy(Self.isPartOfName) else {
            let text = quoted(restore(scalar.string))
            throw ConfigurationError(
                at: Place(node.mark), "a value that begins with * is read as an alias; put \(text) in quotes")
        }
        return String(name)
    }

    /// Whether the text neither has the character nor can spell it by an escape such as `"\uE000"`.
    private static func isUnused(_ candidate: Unicode.Scalar, in text: String) -> Bool {
        !text.unicodeScalars.contains(candidate)
            && !text.lowercased().contains(String(candidate.value, radix: 16))
    }

    private static func isPartOfName(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "-" || UInt8(exactly: scalar.value).map(VariableName.isPart) ?? false
    }
}
