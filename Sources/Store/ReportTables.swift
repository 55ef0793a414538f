import Postgres

/// The analyses of `ci_report`, as tables for people without SQL.
package enum Report: String, Sendable, CaseIterable {
    case durations
    case waits
    case failures
    case flaky
    case steps
    case agents
    case storage
    case usage
    case recovery
    case leadTime = "lead-time"

    package var title: String {
        switch self {
        case .durations: "How long builds ran, by repository, branch and event"
        case .waits: "How long jobs waited for an agent, by tenant and labels"
        case .failures: "How builds ended, by repository, branch and event"
        case .flaky: "Jobs that both failed and succeeded on one commit"
        case .steps: "Where the time goes, by step, and the change against the period before"
        case .agents: "How much of their time agents were at work"
        case .storage: "What logs take, by repository"
        case .usage: "What tenants used, by month"
        case .recovery: "How long default branches stayed broken"
        case .leadTime: "From commit to first success on the default branch"
        }
    }

    package var columns: [ReportColumn] {
        switch self {
        case .durations:
            Self.branch + [.count("builds"), .duration("p50"), .duration("p95"), .duration("total", hasBar: true)]
        case .waits:
            [
                .text("tenant"), .text("labels"), .count("jobs"), .duration("p50"),
                .duration("p95", hasBar: true),
            ]
        case .failures:
            Self.branch + [
                .count("builds"), .count("failed"), .count("errors"), .count("killed"),
                .share("failure_rate", hasBar: true),
            ]
        case .flaky:
            [
                .text("repository"), .count("job"), .text("environment"), .count("commits", hasBar: true),
                .count("successes"), .count("failures"),
            ]
        case .steps:
            [
                .text("repository"), .text("step"), .count("runs"), .duration("p50"), .duration("p95"),
                .duration("total", hasBar: true), .change("change"),
            ]
        case .agents:
            [
                .text("agent"), .text("tenant"), .count("attempts"), .duration("busy"),
                .share("utilisation", hasBar: true),
            ]
        case .storage:
            [
                .text("repository"), .count("builds"), .count("attempts"), .bytes("logs"),
                .bytes("stored", hasBar: true),
            ]
        case .usage:
            [
                .text("tenant"), .text("month"), .count("builds"), .duration("job_time", hasBar: true),
                .bytes("logs"),
            ]
        case .recovery: [.text("repository"), .count("recoveries"), .duration("mean", hasBar: true)]
        case .leadTime:
            [.text("repository"), .count("commits"), .duration("p50", hasBar: true), .duration("p95")]
        }
    }

    private static var branch: [ReportColumn] { [.text("repository"), .text("branch"), .text("event")] }

    fileprivate var statement: Statement {
        switch self {
        case .durations: Statement(stored: "reports.durations")
        case .waits: Statement(stored: "reports.waits")
        case .failures: Statement(stored: "reports.failures")
        case .flaky: Statement(stored: "reports.flaky")
        case .steps: Statement(stored: "reports.steps")
        case .agents: Statement(stored: "reports.agents")
        case .storage: Statement(stored: "reports.storage")
        case .usage: Statement(stored: "reports.usage")
        case .recovery: Statement(stored: "reports.recovery")
        case .leadTime: Statement(stored: "reports.lead_time")
        }
    }
}

package struct ReportColumn: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case text
        case count
        /// Seconds.
        case duration
        /// 0 to 1.
        case share
        /// 0.25 is a quarter more.
        case change
        case bytes
    }

    package var name: String
    package var kind: Kind
    /// A chart shows this column.
    package var hasBar: Bool

    package init(name: String, kind: Kind, hasBar: Bool = false) {
        self.name = name
        self.kind = kind
        self.hasBar = hasBar
    }

    fileprivate static func text(_ name: String) -> ReportColumn { ReportColumn(name: name, kind: .text) }
    fileprivate static func change(_ name: String) -> ReportColumn { ReportColumn(name: name, kind: .change) }

    fileprivate static func count(_ name: String, hasBar: Bool = false) -> ReportColumn {
        ReportColumn(name: name, kind: .count, hasBar: hasBar)
    }

    fileprivate static func duration(_ name: String, hasBar: Bool = false) -> ReportColumn {
        ReportColumn(name: name, kind: .duration, hasBar: hasBar)
    }

    fileprivate static func share(_ name: String, hasBar: Bool = false) -> ReportColumn {
        ReportColumn(name: name, kind: .share, hasBar: hasBar)
    }

    fileprivate static func bytes(_ name: String, hasBar: Bool = false) -> ReportColumn {
        ReportColumn(name: name, kind: .bytes, hasBar: hasBar)
    }
}

package enum ReportValue: Sendable, Hashable {
    case text(String)
    case count(Int64)
    case number(Double)
    /// Also: not applicable.
    case unknown
}

extension Store {
    /// A report's rows, the most telling first and 50 of them at most (200 months), as the login of the database may see them: a
    /// server's sees all tenants.
    ///
    /// - Parameter repository: only this one, `owner/name`, where the report is by repository; only its tenant where not.
    /// - Parameter hours: how far back.
    package func rows(of report: Report, repository: String?, hours: Int) async throws -> [[ReportValue]] {
        try await transaction { _, session in
            _ = try await session.first(.asServer, [])
            return try await session.query(report.statement, [.text(repository), .int(hours)]).map { row in
                var cells = row.columns
                return try report.columns.map { try ReportValue(from: &cells, as: $0.kind) }
            }
        }
    }
}

extension ReportValue {
    fileprivate init(from cells: inout ColumnReader, as kind: ReportColumn.Kind) throws {
        switch kind {
        case .text: self = try cells.next(String?.self).map(ReportValue.text) ?? .unknown
        case .count, .bytes: self = try cells.next(Int64?.self).map(ReportValue.count) ?? .unknown
        case .duration, .share, .change: self = try cells.next(Double?.self).map(ReportValue.number) ?? .unknown
        }
    }
}

extension Statement {
    fileprivate static let asServer = Statement(stored: "reports.as_server")
}
