import Core

/// What a job asks of its agent: `platform:` and `labels:`, which wins.
struct AgentLabels: Sendable {
    private var platform: WrittenText?
    private var pairs: [WrittenPair] = []

    static let maximumLabels = 20
    static let maximumLength = 255

    init(_ file: Section) throws(ConfigurationError) {
        if let entry = file["platform"] { try readPlatform(entry.value) }
        let labels = try WrittenPair.list(file["labels"], atMost: Self.maximumLabels)
        for label in labels where label.value.text.utf8.count > Self.maximumLength {
            throw ConfigurationError(
                at: label.value.place,
                "the label \(quoted(label.name)) is longer than \(Self.maximumLength) bytes; shorten it")
        }
        pairs += labels
    }

    func values(for cell: Variables) -> [String: String] {
        let substitution = Substitution(cell: cell)
        var values: [String: String] = [:]
        let parts = platform.map { substitution.label($0.text).split(separator: "/", maxSplits: 1) } ?? []
        for (name, part) in zip(["os", "arch"], parts) { values[name] = String(part) }
        for pair in pairs { values[pair.name] = substitution.label(pair.value.text) }
        return values
    }

    /// `os/arch`, or a mapping of the two.
    private mutating func readPlatform(_ value: YAMLValue) throws(ConfigurationError) {
        if case .mapping = value.content {
            let section = try Section(value, .platform)
            for key in ["os", "arch"] {
                guard let entry = section[key] else { continue }
                pairs.append(WrittenPair(name: key, value: try WrittenText(entry.value, key)))
            }
            return
        }
        let written = try WrittenText(value, "platform")
        guard written.text.contains("$") || written.text.split(separator: "/").count == 2 else {
            throw ConfigurationError(
                at: value.place, "\(quoted(written.text)) is no platform; write os/arch, as in linux/amd64")
        }
        platform = written
    }
}

extension Substitution {
    /// A label's text; as written where substitution makes it too long to be one.
    fileprivate func label(_ text: String) -> String {
        var budget = AgentLabels.maximumLength + PlanBuilder.maximumEntry
        let label = try? apply(to: text, budget: &budget)
        return label.flatMap { $0.utf8.count <= AgentLabels.maximumLength ? $0 : nil } ?? text
    }
}
