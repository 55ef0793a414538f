import Foundation
import Testing

/// "Who may do what" of docs/api.md.
struct AccessTable {
    /// Such as `read`, in the order of the columns.
    let callers: [String]
    let rows: [Row]

    struct Row: Sendable, CustomTestStringConvertible {
        var method: String
        var path: String
        /// By caller.
        var expected: [String: Int]

        var route: String { "\(method) \(path)" }
        var testDescription: String { route }
    }

    /// Reads the table as it stands in the repository.
    static func read() throws -> AccessTable {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../docs/api.md")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        let header = try #require(lines.first { $0.hasPrefix("| Route |") })
        let callers = Array(cells(header).dropFirst())
        let rows = try lines.filter { $0.hasPrefix("| `") && $0.contains(" /") }.map { try row($0, callers) }
        return AccessTable(callers: callers, rows: rows)
    }

    private static func row(_ line: String, _ callers: [String]) throws -> Row {
        let cells = cells(line)
        try #require(cells.count == callers.count + 1, "\(line)")
        let route = cells[0].trimmingCharacters(in: ["`"]).split(separator: " ").map(String.init)
        var expected: [String: Int] = [:]
        for (caller, cell) in zip(callers, cells.dropFirst()) {
            let same = caller.replacingOccurrences(of: "public: ", with: "")
            expected[caller] = try #require(cell == "=" ? expected[same] : Int(cell), "\(line)")
        }
        return Row(method: route[0], path: route[1], expected: expected)
    }

    private static func cells(_ line: String) -> [String] {
        line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}
