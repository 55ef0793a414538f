/// A value of the file with its place. Scalars keep their text: `1.10` is `1.10`, `yes` is `yes`.
struct YAMLValue: Sendable {
    enum Content: Sendable {
        /// Nothing, `~` or `null`, without quotes.
        case null
        case text(String)
        case list([YAMLValue])
        /// In the order written; a key occurs once.
        case mapping([Entry])
    }

    struct Entry: Sendable {
        var key: String
        /// Of the key.
        var place: Place
        var value: YAMLValue
    }

    var place: Place
    var content: Content
    /// A scalar written without quotes.
    var isPlain = false

    var isMapping: Bool { if case .mapping = content { true } else { false } }

    func hasKey(_ key: String) -> Bool {
        if case .mapping(let entries) = content { entries.contains { $0.key == key } } else { false }
    }

    /// What a message calls a value of this kind.
    var kind: String {
        switch content {
        case .null: "nothing"
        case .text: "text"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

extension YAMLValue {
    /// A scalar's text, empty for null; `what` names the value in the error.
    func text(_ what: String) throws(ConfigurationError) -> String {
        switch content {
        case .null: return ""
        case .text(let text): return text
        case .list, .mapping: throw wrong(what, "text; if it is meant as text, put it in quotes")
        }
    }

    func list(_ what: String) throws(ConfigurationError) -> [YAMLValue] {
        guard case .list(let values) = content else { throw wrong(what, "a list") }
        return values
    }

    func entries(_ what: String) throws(ConfigurationError) -> [Entry] {
        guard case .mapping(let entries) = content else { throw wrong(what, "a mapping (key: value)") }
        return entries
    }

    /// The items of a list, or a text as a list of one.
    func items(_ what: String) throws(ConfigurationError) -> [YAMLValue] {
        switch content {
        case .text: return [self]
        case .list(let values): return values
        case .null, .mapping: throw wrong(what, "text or a list")
        }
    }

    private func wrong(_ what: String, _ expected: String) -> ConfigurationError {
        ConfigurationError(at: place, "\(what) is \(kind) here and must be \(expected)")
    }
}
