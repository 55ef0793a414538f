/// What `$${NAME…}` does with the value.
enum SubstitutionOperator: Hashable {
    case plain
    /// `##prefix`
    case withoutPrefix(String)
    /// `%%suffix`
    case withoutSuffix(String)
    /// `=default`: for an empty value, and for a name that is not known.
    case or(String)
    /// `/old/new`: each `old`.
    case replacing(old: String, new: String)
    /// `:length`, in characters. Unlike bash, which counts from there.
    case first(Int)
    /// `:from:length`
    case part(from: Int, length: Int)

    /// Reads what stands between the name and `}`; nil for what 0.4 does not know.
    init?(_ text: String) {
        switch text.first {
        case nil: self = .plain
        case "#" where text.hasPrefix("##") && text.count > 2: self = .withoutPrefix(String(text.dropFirst(2)))
        case "%" where text.hasPrefix("%%") && text.count > 2: self = .withoutSuffix(String(text.dropFirst(2)))
        case "=": self = .or(String(text.dropFirst()))
        case "/":
            let parts = text.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else { return nil }
            self = .replacing(old: String(parts[0]), new: String(parts[1]))
        case ":":
            let numbers = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false).map(Self.position)
            switch (numbers.first, numbers.dropFirst().first, numbers.count) {
            case (let length??, nil, 1): self = .first(length)
            case (let from??, let length??, 2): self = .part(from: from, length: length)
            default: return nil
            }
        default: return nil
        }
    }

    /// What stands for a name without a value.
    var valueOfUnknown: String? {
        if case .or = self { "" } else { nil }
    }

    /// `limit` bounds what replacing adds, in bytes.
    func apply(to value: String, limit: Int) throws(Substitution.Overflow) -> String {
        switch self {
        case .plain: return value
        case .withoutPrefix(let prefix): return value.hasPrefix(prefix) ? String(value.dropFirst(prefix.count)) : value
        case .withoutSuffix(let suffix): return value.hasSuffix(suffix) ? String(value.dropLast(suffix.count)) : value
        case .or(let other): return value.isEmpty ? other : value
        case .first(let length): return String(value.prefix(length))
        case .part(let from, let length): return String(value.dropFirst(from).prefix(length))
        case .replacing(let old, let new):
            let bytes = Array(value.utf8)
            let places = bytes.occurrences(of: Array(old.utf8))
            guard new.utf8.count * places.count <= limit else { throw Substitution.Overflow() }
            let replaced = bytes.replacing(Array(old.utf8), with: Array(new.utf8), at: places)
            return String(decoding: replaced, as: UTF8.self)
        }
    }

    /// At most nine digits.
    private static func position(_ text: Substring) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy(VariableName.isDigit) else { return nil }
        return Int(text)
    }
}
