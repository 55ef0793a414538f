import Core

/// A setting of a plugin, which finds it in its environment as `PLUGIN_NAME`.
struct Setting: Sendable {
    /// Of the variable.
    let name: String
    private let value: YAMLValue

    var place: Place { value.place }

    /// The settings under `settings:` and those beside the step's own keys. Secrets and what is nothing are left out.
    static func list(
        _ section: YAMLValue.Entry?, _ others: [YAMLValue.Entry]
    ) throws(ConfigurationError) -> [Setting] {
        let entries = try entries(section, others)
        var settings: [Setting] = []
        var names: Set<String> = []
        for entry in entries {
            let name = variable(entry.key)
            guard names.insert(name).inserted else {
                throw ConfigurationError(at: entry.place, "another setting is \(name) too; rename one")
            }
            if case .null = entry.value.content { continue }
            if try secret(entry) == nil { settings.append(Setting(name: name, value: entry.value)) }
        }
        return settings
    }

    /// Those whose value is `{from_secret: name}` or `{secure: text}`.
    static func secrets(
        _ section: YAMLValue.Entry?, _ others: [YAMLValue.Entry]
    ) throws(ConfigurationError) -> [SecretVariable] {
        var secrets: [SecretVariable] = []
        for entry in try entries(section, others) {
            if let secret = try secret(entry) { secrets.append(secret) }
        }
        return secrets
    }

    /// The variable's value: text as it is, a list of texts with commas between, all else as JSON. `substitute` is asked for
    /// each text.
    func text(
        _ substitute: (WrittenText) throws(ConfigurationError) -> String
    ) throws(ConfigurationError) -> String {
        switch value.content {
        case .null: return ""
        case .text(let text): return try substitute(WrittenText(text, at: value.place))
        case .list(let items) where items.allSatisfy(\.isText):
            return try items.map { item throws(ConfigurationError) in
                try substitute(WrittenText(item, "an item of a setting"))
            }.joined(separator: ",")
        case .list, .mapping: return try value.json(substitute)
        }
    }

    private static func entries(
        _ section: YAMLValue.Entry?, _ others: [YAMLValue.Entry]
    ) throws(ConfigurationError) -> [YAMLValue.Entry] {
        var entries = others
        if let section { entries += try section.value.entries("\"settings\"") }
        guard entries.count <= StepDefinition.maximumVariables else {
            throw ConfigurationError(
                at: entries[0].place, "a plugin has at most \(StepDefinition.maximumVariables) settings; use fewer")
        }
        return entries
    }

    private static func secret(_ entry: YAMLValue.Entry) throws(ConfigurationError) -> SecretVariable? {
        if case .mapping(let inner) = entry.value.content, inner.count == 1,
            ["from_secret", "secure"].contains(inner[0].key)
        {
            let text = try inner[0].value.text(inner[0].key)
            return try SecretVariable(
                name: variable(entry.key), source: inner[0].key == "secure" ? .sealed(text) : .named(text),
                place: entry.value.place
            ).checked()
        }
        if let place = entry.value.placeOfSecret {
            throw ConfigurationError(at: place, "`from_secret` can only be all of a setting; put it in one of its own")
        }
        return nil
    }

    private static func variable(_ key: String) -> String {
        "PLUGIN_" + String(key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}

extension YAMLValue {
    fileprivate var isText: Bool {
        switch content {
        case .null, .text: true
        case .list, .mapping: false
        }
    }

    /// Of a `from_secret` somewhere inside.
    fileprivate var placeOfSecret: Place? {
        switch content {
        case .null, .text: nil
        case .list(let items): items.lazy.compactMap(\.placeOfSecret).first
        case .mapping(let entries):
            entries.first { $0.key == "from_secret" }?.place ?? entries.lazy.compactMap(\.value.placeOfSecret).first
        }
    }

    /// Texts without quotes that read as a number or a truth value are one, as in YAML's own reading.
    fileprivate func json(
        _ substitute: (WrittenText) throws(ConfigurationError) -> String
    ) throws(ConfigurationError) -> String {
        switch content {
        case .null: return "null"
        case .text(let text):
            let value = try substitute(WrittenText(text, at: place))
            return isPlain && Self.isLiteral(value) ? value : value.asJSON
        case .list(let items):
            var parts: [String] = []
            for item in items { parts.append(try item.json(substitute)) }
            return "[\(parts.joined(separator: ","))]"
        case .mapping(let entries):
            var parts: [String] = []
            for entry in entries { parts.append("\(entry.key.asJSON):\(try entry.value.json(substitute))") }
            return "{\(parts.joined(separator: ","))}"
        }
    }

    /// `true`, `false`, or a number as JSON has them (RFC 8259, 6).
    private static func isLiteral(_ text: String) -> Bool {
        ["true", "false"].contains(text)
            || text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil
    }
}
