/// A mapping all of whose keys are known to its table.
struct Section {
    let place: Place
    private let entries: [String: YAMLValue.Entry]
    /// Entries that the table does not know, in the order written.
    let others: [YAMLValue.Entry]

    /// Refuses keys that are known and refused, and unknown ones unless they are kept for somebody else to read. Keys that
    /// begin with `x-` may hold anything: a place for anchors.
    init(_ value: YAMLValue, _ table: KeyTable, keepingOthers: Bool = false) throws(ConfigurationError) {
        place = value.place
        var entries: [String: YAMLValue.Entry] = [:]
        var others: [YAMLValue.Entry] = []
        for entry in try value.entries(table.title) where !entry.key.hasPrefix("x-") {
            if keepingOthers, table.rules[entry.key] == nil {
                others.append(entry)
                continue
            }
            try Self.check(entry, table)
            entries[entry.key] = entry
        }
        self.entries = entries
        self.others = others
    }

    subscript(key: String) -> YAMLValue.Entry? { entries[key] }

    /// A key whose value, if there is one, can only be one of a few words.
    func check(_ key: String, isOneOf words: [String]) throws(ConfigurationError) {
        guard let value = entries[key]?.value else { return }
        let word = try value.text(quoted(key))
        guard words.contains(word) else {
            let allowed = words.joined(separator: " or ")
            throw ConfigurationError(
                at: value.place, "\(key) \(quoted(word)) is not supported; write \(allowed), or remove it")
        }
    }

    private static func check(_ entry: YAMLValue.Entry, _ table: KeyTable) throws(ConfigurationError) {
        switch table.rules[entry.key] {
        case .read, .accepted: break
        case .refused(let advice):
            throw ConfigurationError(at: entry.place, "\"\(entry.key)\" in \(table.title): \(advice)")
        case nil:
            let problem = "\(quoted(entry.key)) is no key of \(table.title) that Skep knows (\(table.known))"
            throw ConfigurationError(at: entry.place, "\(problem); correct or remove it")
        }
    }
}
