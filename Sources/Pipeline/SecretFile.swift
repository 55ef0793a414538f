package import Core

/// What is inside a `.drone.sec`, or an inline `secure:` value, once it is opened: a YAML mapping.
///
/// Either `environment:` (a mapping, or a list of `NAME=value`) with an optional `checksum:` beside it, as Drone 0.4 has it, or
/// the names and values themselves.
package struct SecretFile: Sendable {
    /// Digest of the `.drone.yml` that the secrets are for, as written. nil: they are for any.
    package let checksum: String?
    /// In the order written.
    package let values: Variables

    static let maximumNames = 500

    package init(yaml: [UInt8]) throws(ConfigurationError) {
        let root = try YAMLReader.read(yaml)
        let entries: [YAMLValue.Entry] =
            if case .null = root.content { [] } else { try root.entries("the text") }
        checksum = try entries.first { $0.key == "checksum" }.map { entry throws(ConfigurationError) in
            try entry.value.text("checksum")
        }
        var values = Variables()
        if let environment = entries.first(where: { $0.key == "environment" }) {
            for pair in try WrittenPair.list(environment, atMost: Self.maximumNames) {
                values[pair.name] = pair.value.text
            }
        } else {
            for entry in entries where entry.key != "checksum" {
                values[entry.key] = try entry.value.text(quoted(entry.key))
            }
        }
        self.values = values
    }
}
