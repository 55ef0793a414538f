/// Named queries read from files.
///
/// A line `-- name: find` starts a query, `-- fragment: access` a text that others put in as `{{access}}`. What stands before
/// the first of them in a file is for readers only, and so are the comments that a query begins with. A fragment may use
/// fragments, but not itself.
///
/// A query's text names it in a comment after its first word: `select /* builds.find */ …`. So pg_stat_statements shows it, of
/// which newer PostgreSQLs cut off what stands before the statement, and pg_stat_activity, which cuts off the end.
package struct QueryCatalogue {
    package enum Failure: Error, Equatable {
        case duplicate(String)
        case noSuchFragment(String, usedBy: String)
        case endless(String)
    }

    package private(set) var queries: [String: String] = [:]
    private var fragments: [String: String] = [:]

    package init(files: [(name: String, sql: String)]) throws(Failure) {
        for file in files {
            for part in Self.parts(of: file.sql) { try add(part, from: file.name) }
        }
        for (name, text) in queries { queries[name] = try filled(text, name: name, depth: 0) }
    }

    private struct Part {
        var isFragment: Bool
        var name: String
        var lines: [Substring] = []

        var text: String {
            let text = lines.joined(separator: "\n")
            return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }

        /// Without the comments before its first word, and with its name after that.
        func text(named name: String) -> String {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let statement = lines.drop { $0.isEmpty || $0.hasPrefix("--") }.joined(separator: "\n")
            let word = statement.prefix { !$0.isWhitespace }
            return "\(word) /* \(name) */\(statement.dropFirst(word.count))"
        }
    }

    private static func parts(of sql: String) -> [Part] {
        var parts: [Part] = []
        for line in sql.split(separator: "\n", omittingEmptySubsequences: false) {
            if let name = line.after("-- name: ") {
                parts.append(Part(isFragment: false, name: name))
            } else if let name = line.after("-- fragment: ") {
                parts.append(Part(isFragment: true, name: name))
            } else if !parts.isEmpty {
                parts[parts.count - 1].lines.append(line)
            }
        }
        return parts
    }

    private mutating func add(_ part: Part, from file: String) throws(Failure) {
        if part.isFragment {
            guard fragments.updateValue(part.text, forKey: part.name) == nil else { throw .duplicate(part.name) }
        } else {
            let name = "\(file).\(part.name)"
            guard queries.updateValue(part.text(named: name), forKey: name) == nil else { throw .duplicate(name) }
        }
    }

    private func filled(_ text: String, name: String, depth: Int) throws(Failure) -> String {
        guard depth < 8 else { throw .endless(name) }
        var filled = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            let fragment = String(rest[open.upperBound..<close.lowerBound])
            guard let body = fragments[fragment] else { throw .noSuchFragment(fragment, usedBy: name) }
            filled += rest[..<open.lowerBound]
            filled += try self.filled(body, name: fragment, depth: depth + 1)
            rest = rest[close.upperBound...]
        }
        return filled + rest
    }
}

extension Substring {
    fileprivate func after(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
