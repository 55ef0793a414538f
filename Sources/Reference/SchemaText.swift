import Yams

/// A schema in a few words, such as `integer, 1 to 100` or `array of Build`.
struct SchemaText {
    private let schema: Node?

    init(_ schema: Node?) {
        self.schema = schema
    }

    var html: String {
        guard let schema else { return "" }
        if let reference = schema["$ref"]?.string { return Self.link(reference) }
        if let parts = schema["allOf"]?.sequence { return parts.map { SchemaText($0).html }.joined(separator: " and ") }
        if let values = schema["enum"]?.sequence { return HTML.escaped(values.map(Self.word).joined(separator: ", ")) }
        if let items = schema["items"] { return "array of \(SchemaText(items).html)" }
        if let fields = schema["properties"]?.mapping {
            return "object: "
                + fields.map { "\(HTML.inline("`\($0.key.string ?? "")`")) \(SchemaText($0.value).html)" }
                .joined(separator: ", ")
        }
        return HTML.escaped(([type] + limits).filter { !$0.isEmpty }.joined(separator: ", "))
    }

    private var type: String {
        let types = schema?["type"]?.sequence.map { $0.compactMap(\.string) } ?? [schema?["type"]?.string ?? ""]
        return types.joined(separator: " or ")
    }

    private var limits: [String] {
        [
            range("minimum", "maximum", ""), range("minLength", "maxLength", " characters"),
            schema?["default"].map { "\(Self.word($0)) unless given" } ?? "",
        ]
    }

    private func range(_ low: String, _ high: String, _ unit: String) -> String {
        switch (schema?[low]?.string, schema?[high]?.string) {
        case (let low?, let high?): "\(low) to \(high)\(unit)"
        case (let low?, nil): "\(low) or more\(unit)"
        case (nil, let high?): "at most \(high)\(unit)"
        case (nil, nil): ""
        }
    }

    private static func word(_ node: Node) -> String { node.string ?? "" }

    private static func link(_ reference: String) -> String {
        let name = HTML.escaped(reference.split(separator: "/").last.map(String.init) ?? "")
        return "<a href=\"#schema-\(name)\">\(name)</a>"
    }
}
