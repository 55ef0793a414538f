import ArgumentParser
import Foundation
import Store

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Print what ci_report says, without SQL.",
        discussion: """
            Without a name, lists the reports. Works with the database's URL of a server, who sees all tenants, or of a reader that \
            `skep database grant` made: database.report_url (SKEP_DATABASE_REPORT_URL), else database.url. In csv and json durations \
            are seconds, and shares are 0 to 1.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "The report: \(Report.allCases.map(\.rawValue).joined(separator: ", ")).")
    var name: String?

    @Option(help: "Only this repository, OWNER/NAME; of waits and usage, its tenant.")
    var repo: String?

    @Option(help: "How far back: hours (12h), days (7d) or weeks (2w).")
    var since = "7d"

    @Option(help: "table, csv, json or markdown.")
    var format = ReportFormat.table

    func run() async throws {
        guard let name else {
            for report in Report.allCases {
                say(report.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0) + report.title)
            }
            return
        }
        guard let report = Report(rawValue: name) else {
            throw ValidationError("There is no report \(name); `skep report` lists them.")
        }
        let hours = try self.hours
        try await withStore(options, forReports: true) { store in
            let rows = try await store.rows(of: report, repository: repo, hours: hours)
            let text = ReportText(report: report, rows: rows)
            switch format {
            case .table where rows.isEmpty: say("Nothing in the last \(since).")
            case .table: say(text.table(hasBars: isatty(STDOUT_FILENO) == 1))
            case .csv: say(text.csv)
            case .json: say(text.json)
            case .markdown: say(text.markdown)
            }
        }
    }

    private var hours: Int {
        get throws {
            let units: [Character: Int] = ["h": 1, "d": 24, "w": 168]
            guard let unit = since.last.flatMap({ units[$0] }), let count = Int(since.dropLast()),
                (1...100_000).contains(count)
            else { throw ValidationError("--since must be a number and h, d or w, such as 7d; it is \(since).") }
            return count * unit
        }
    }
}

enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
    case table
    case csv
    case json
    case markdown
}
