/// A text of the file before substitution, and where it stands.
struct WrittenText: Sendable {
    var text: String
    var place: Place

    init(_ text: String, at place: Place) {
        self.text = text
        self.place = place
    }

    init(_ value: YAMLValue, _ what: String) throws(ConfigurationError) {
        self.init(try value.text(what), at: value.place)
    }
}

/// A name with a text: an entry of `environment:` or `labels:`.
struct WrittenPair: Sendable {
    var name: String
    var value: WrittenText

    /// Reads a mapping of texts or a list of `NAME=value`, at most `limit` of them. A name of a list may come again:
    /// the last wins.
    ///
    /// - Parameter skippingMappings: whether values that are mappings are left out, for somebody else to read.
    static func list(
        _ entry: YAMLValue.Entry?, atMost limit: Int, skippingMappings: Bool = false
    ) throws(ConfigurationError) -> [WrittenPair] {
        guard let entry else { return [] }
        let pairs = try read(entry, skippingMappings)
        guard pairs.count <= limit else {
            throw ConfigurationError(at: entry.place, "\"\(entry.key)\" has more than \(limit) names; use fewer")
        }
        for pair in pairs where pair.name.isEmpty || pair.name.utf8.count > 255 || pair.name.contains("=") {
            throw ConfigurationError(
                at: pair.value.place, "\(quoted(pair.name)) cannot be a name; write 1 to 255 bytes without \"=\"")
        }
        return pairs
    }

    private static func read(
        _ entry: YAMLValue.Entry, _ skippingMappings: Bool
    ) throws(ConfigurationError) -> [WrittenPair] {
        if case .list(let items) = entry.value.content {
            return try items.map { item throws(ConfigurationError) in try pair(item, of: entry.key) }
        }
        let entries = try entry.value.entries("\"\(entry.key)\"").filter { !skippingMappings || !$0.value.isMapping }
        return try entries.map { inner throws(ConfigurationError) in
            WrittenPair(name: inner.key, value: try WrittenText(inner.value, quoted(inner.key)))
        }
    }

    private static func pair(_ item: YAMLValue, of key: String) throws(ConfigurationError) -> WrittenPair {
        let text = try item.text("an item of \"\(key)\"")
        guard let equals = text.firstIndex(of: "=") else {
            throw ConfigurationError(at: item.place, "\(quoted(text)) has no \"=\"; write NAME=value")
        }
        let value = WrittenText(String(text[text.index(after: equals)...]), at: item.place)
        return WrittenPair(name: String(text[..<equals]), value: value)
    }
}
