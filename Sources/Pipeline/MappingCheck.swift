/// Throws where the text is not a YAML mapping. An empty one is.
package func checkMapping(yaml: [UInt8]) throws(ConfigurationError) {
    let value = try YAMLReader.read(yaml)
    if case .null = value.content { return }
    _ = try value.entries("the text")
}
