/// Collects the entries of one mapping: those written in it, and those its merge keys (`<<`) bring.
///
/// What is written wins over what is merged, an earlier merge over a later one; a merged entry stands where `<<` stood.
struct MappingMerger {
    private(set) var entries: [YAMLValue.Entry] = []
    private var written: Set<String> = []
    private var places: [String: Int] = [:]

    mutating func add(_ entry: YAMLValue.Entry) throws(ConfigurationError) {
        guard written.insert(entry.key).inserted else {
            throw ConfigurationError(at: entry.place, "the key \(quoted(entry.key)) is here a second time; keep one")
        }
        if let index = places[entry.key] {
            entries[index] = entry
        } else {
            append(entry)
        }
    }

    /// Takes a mapping or a list of mappings.
    mutating func merge(_ value: YAMLValue) throws(ConfigurationError) {
        if case .list(let values) = value.content {
            for value in values { try mergeOne(value) }
        } else {
            try mergeOne(value)
        }
    }

    private mutating func mergeOne(_ value: YAMLValue) throws(ConfigurationError) {
        for entry in try value.entries("what << merges") where places[entry.key] == nil {
            append(entry)
        }
    }

    private mutating func append(_ entry: YAMLValue.Entry) {
        places[entry.key] = entries.count
        entries.append(entry)
    }
}
