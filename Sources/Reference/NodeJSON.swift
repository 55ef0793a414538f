import Core
import Yams

/// YAML as JSON (RFC 8259), the order of fields kept, as no encoder of the libraries does.
enum NodeJSON {
    struct NoJSON: Error {
        var line: Int
    }

    /// Throws `NoJSON` for an alias and for a key that is no text.
    static func text(of node: Node) throws -> String {
        switch node {
        case .scalar(let scalar): text(of: scalar, node)
        case .sequence(let items): "[\(try items.map(text).joined(separator: ","))]"
        case .mapping(let fields): "{\(try fields.map(text).joined(separator: ","))}"
        case .alias: throw NoJSON(line: node.mark?.line ?? 0)
        }
    }

    private static func text(of field: (key: Node, value: Node)) throws -> String {
        guard let key = field.key.string else { throw NoJSON(line: field.key.mark?.line ?? 0) }
        return "\(key.asJSON):\(try text(of: field.value))"
    }

    /// What stands in quotes is text, whatever it looks like.
    private static func text(of scalar: Node.Scalar, _ node: Node) -> String {
        guard scalar.style == .plain else { return scalar.string.asJSON }
        if ["null", "~", ""].contains(scalar.string) { return "null" }
        if node.bool != nil || node.int != nil || node.float != nil { return scalar.string }
        return scalar.string.asJSON
    }
}
