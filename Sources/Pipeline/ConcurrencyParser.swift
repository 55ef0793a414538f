import Core

/// `concurrency:`, a group's name or a mapping of `group` and `limit`.
enum ConcurrencyParser {
    static let maximumLength = 100
    static let limits = 1...1000

    static func group(_ entry: YAMLValue.Entry?) throws(ConfigurationError) -> ConcurrencyGroup? {
        guard let entry else { return nil }
        guard case .mapping = entry.value.content else { return try group(named: entry.value, limit: 1) }
        let section = try Section(entry.value, .concurrency)
        let limit = try section["limit"].map { entry throws(ConfigurationError) in try Self.limit(entry.value) } ?? 1
        guard let name = section["group"]?.value else { return ConcurrencyGroup(name: "", limit: limit) }
        return try group(named: name, limit: limit)
    }

    private static func group(named value: YAMLValue, limit: Int) throws(ConfigurationError) -> ConcurrencyGroup {
        let name = try value.text("concurrency")
        guard (1...maximumLength).contains(name.utf8.count), !name.contains("\0") else {
            throw ConfigurationError(
                at: value.place, "the name of a concurrency group must be 1 to \(maximumLength) bytes")
        }
        return ConcurrencyGroup(name: name, limit: limit)
    }

    private static func limit(_ value: YAMLValue) throws(ConfigurationError) -> Int {
        let text = try value.text("limit")
        guard let limit = Int(text), limits.contains(limit) else {
            throw ConfigurationError(
                at: value.place, "\(quoted(text)) is no limit; write \(limits.lowerBound) to \(limits.upperBound)")
        }
        return limit
    }
}
