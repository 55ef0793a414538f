/// Pieces of a page. What comes in is text, what goes out is HTML.
enum HTML {
    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { html, character in
            switch character {
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            default: html.append(character)
            }
        }
    }

    /// What stands between backticks is code.
    static func inline(_ text: String) -> String {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { index, part in
            index.isMultiple(of: 2) ? escaped(String(part)) : "<code>\(escaped(String(part)))</code>"
        }.joined()
    }

    /// Paragraphs, parted by empty lines.
    static func prose(_ text: String?) -> String {
        (text ?? "").split(separator: "\n", omittingEmptySubsequences: false).split(separator: "").map {
            "<p>\(inline($0.joined(separator: " ")))</p>"
        }.joined()
    }

    /// - Parameter rows: cells that are HTML. Without rows there is no table.
    static func table(_ title: String, _ rows: [[String]]) -> String {
        guard !rows.isEmpty else { return "" }
        let lines = rows.map { "<tr>\($0.map { "<td>\($0)</td>" }.joined())</tr>" }
        return "<h4>\(escaped(title))</h4><table>\(lines.joined())</table>"
    }
}
