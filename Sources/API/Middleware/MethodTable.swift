import Hummingbird

/// Which methods a path has: what the router knows, and does not tell, of a request that it found no route for.
package struct MethodTable: Sendable {
    private struct Entry {
        var segments: [Segment]
        var methods: Set<String>

        func matches(_ parts: [Substring]) -> Bool {
            parts.count == segments.count
                && zip(parts, segments).allSatisfy { part, segment in
                    if case .text(let text) = segment { part == text } else { true }
                }
        }
    }

    private enum Segment: Equatable {
        case text(Substring)
        case parameter
    }

    private var entries: [Entry] = []

    /// - Parameter routes: such as `("GET", "/api/user")`, parameters as `{name}`.
    package init(routes: [(method: String, path: String)]) {
        for route in routes {
            let segments = route.path.split(separator: "/").map {
                $0.hasPrefix("{") || $0.hasPrefix(":") ? Segment.parameter : .text($0)
            }
            if let index = entries.firstIndex(where: { $0.segments == segments }) {
                entries[index].methods.insert(route.method)
            } else {
                entries.append(Entry(segments: segments, methods: [route.method]))
            }
        }
    }

    /// The value of `Allow` (RFC 9110, 10.2.1). nil: there is nothing at the path.
    func allowed(at path: String) -> String? {
        let parts = path.split(separator: "/")
        var methods: Set<String> = []
        for entry in entries where entry.matches(parts) { methods.formUnion(entry.methods) }
        guard !methods.isEmpty else { return nil }
        if methods.contains("GET") { methods.insert("HEAD") }
        return methods.union(["OPTIONS"]).sorted().joined(separator: ", ")
    }
}
