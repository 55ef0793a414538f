import Core
import Foundation
import Store

/// A report, written down.
struct ReportText {
    private static let barWidth = 20

    let columns: [ReportColumn]
    let rows: [[ReportValue]]

    init(report: Report, rows: [[ReportValue]]) {
        columns = report.columns
        self.rows = rows
    }

    // For people ------------------------------------------------------------------------------------------------

    /// Columns of equal width, numbers to the right, with a chart of one of them behind.
    func table(hasBars: Bool) -> String {
        let cells = [columns.map(\.name)] + rows.map(texts)
        let widths = columns.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        let lines = cells.map { row in
            zip(columns, zip(row, widths)).map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return column.kind == .text ? cell.0 + space : space + cell.0
            }.joined(separator: "  ")
        }
        let charts = hasBars ? [""] + bars : Array(repeating: "", count: lines.count)
        return zip(lines, charts).map { Self.trimmed("\($0)  \($1)") }.joined(separator: "\n")
    }

    var markdown: String {
        let head = [
            columns.map(\.name), columns.map { $0.kind == .text ? "---" : "---:" },
        ]
        let body = rows.map { texts($0).map { $0.replacing("|", with: "\\|") } }
        return (head + body).map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
    }

    private func texts(_ row: [ReportValue]) -> [String] { zip(columns, row).map { Self.text($1, $0.kind) } }

    /// One for each row, as long as its share of the longest.
    private var bars: [String] {
        guard let column = columns.firstIndex(where: \.hasBar) else { return rows.map { _ in "" } }
        let sizes = rows.map { Self.size($0[column]) }
        let longest = sizes.max() ?? 0
        return sizes.map { longest > 0 ? Self.bar($0 / longest) : "" }
    }

    private static func bar(_ share: Double) -> String {
        let eighths = Int((max(0, share) * Double(barWidth * 8)).rounded())
        let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        return String(repeating: "█", count: eighths / 8) + rest
    }

    private static func size(_ value: ReportValue) -> Double {
        switch value {
        case .count(let count): Double(count)
        case .number(let number): number
        case .text, .unknown: 0
        }
    }

    private static func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }

    private static func text(_ value: ReportValue, _ kind: ReportColumn.Kind) -> String {
        switch (value, kind) {
        case (.unknown, _): "-"
        case (.text(let text), _): text
        case (.count(let count), .bytes): bytes(Double(count))
        case (.count(let count), _): "\(count)"
        case (.number(let seconds), .duration): duration(seconds)
        case (.number(let share), .share): String(format: "%.1f %%", share * 100)
        case (.number(let change), _): String(format: "%+.0f %%", change * 100)
        }
    }

    private static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        return switch seconds {
        case ..<1: String(format: "%.0f ms", seconds * 1000)
        case ..<60: String(format: "%.1f s", seconds)
        case ..<3600: String(format: "%d m %02d s", whole / 60, whole % 60)
        default: String(format: "%d h %02d m", whole / 3600, whole % 3600 / 60)
        }
    }

    private static func bytes(_ count: Double) -> String {
        switch count {
        case ..<1000: String(format: "%.0f B", count)
        case ..<1_000_000: String(format: "%.1f kB", count / 1000)
        case ..<1_000_000_000: String(format: "%.1f MB", count / 1_000_000)
        default: String(format: "%.1f GB", count / 1_000_000_000)
        }
    }

    // For programs ----------------------------------------------------------------------------------------------

    /// RFC 4180, with a line of names; what is not known is empty.
    var csv: String {
        let lines = [columns.map(\.name)] + rows.map { $0.map { Self.plain($0) ?? "" } }
        return lines.map { $0.map(Self.quoted).joined(separator: ",") }.joined(separator: "\r\n")
    }

    /// An array of objects.
    var json: String {
        let objects = rows.map { row in
            let members = zip(columns, row).map { "\($0.name.asJSON): \(Self.json($1))" }
            return "  {\(members.joined(separator: ", "))}"
        }
        return objects.isEmpty ? "[]" : "[\n\(objects.joined(separator: ",\n"))\n]"
    }

    private static func plain(_ value: ReportValue) -> String? {
        switch value {
        case .text(let text): text
        case .count(let count): "\(count)"
        case .number(let number): "\(number)"
        case .unknown: nil
        }
    }

    private static func json(_ value: ReportValue) -> String {
        if case .text(let text) = value { return text.asJSON }
        return plain(value) ?? "null"
    }

    private static let special: Set<Character> = [",", "\"", "\r", "\n", "\r\n"]

    private static func quoted(_ text: String) -> String {
        guard text.contains(where: special.contains) else { return text }
        return "\"\(text.replacing("\"", with: "\"\""))\""
    }
}
