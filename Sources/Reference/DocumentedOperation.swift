import Yams

/// One method of one path.
struct DocumentedOperation {
    let method: String
    let path: String
    let node: Node
    /// Those of the path, then its own, resolved.
    let parameters: [Node]

    static func all(in root: Node) -> [DocumentedOperation] {
        (root["paths"]?.mapping ?? [:]).flatMap { path, item in
            let shared = item["parameters"]?.sequence.map(Array.init) ?? []
            return (item.mapping ?? [:]).filter { $0.key.string != "parameters" }.map { method, node in
                let own = node["parameters"]?.sequence.map(Array.init) ?? []
                return DocumentedOperation(
                    method: (method.string ?? "").uppercased(), path: path.string ?? "", node: node,
                    parameters: (shared + own).map(root.resolving))
            }
        }
    }

    var id: String { node["operationId"]?.string ?? "" }
    var tag: String { node["tags"]?.sequence?.first?.string ?? "" }
    var summary: String { node["summary"]?.string ?? "" }
    var description: String? { node["description"]?.string }

    /// Whose token it takes, such as `Needs a token with write.`
    var needs: String {
        let ways = node["security"]?.sequence.map(Array.init) ?? []
        guard let first = ways.first(where: { !($0.mapping ?? [:]).isEmpty })?.mapping?.first else {
            return "For everybody."
        }
        guard first.key.string != "agentToken" else { return "For agents' tokens." }
        let level = first.value.sequence?.first?.string ?? ""
        let isPublic = ways.contains { ($0.mapping ?? [:]).isEmpty }
        return "Needs a token with \(level)" + (isPublic ? "; on a public repository none." : ".")
    }
}

extension Node {
    /// What a `$ref` of the document stands for, else the node itself.
    func resolving(_ node: Node) -> Node {
        guard let reference = node["$ref"]?.string, reference.hasPrefix("#/") else { return node }
        return reference.dropFirst(2).split(separator: "/").reduce(self) { node, name in
            let name: String = String(name)
            return node[name] ?? .nothing
        }
    }

    static var nothing: Node { .mapping([:]) }
}
