import Postgres

/// What a tenant used in a month.
package struct MonthOfUse: Sendable, Hashable {
    /// In UTC, such as `2026-11`.
    package var month: String
    /// Builds made.
    package var builds: Int64
    /// Seconds that attempts ran which ended in the month, each rounded up.
    package var jobSeconds: Int64
    /// Bytes of log of those attempts.
    package var logBytes: Int64
}

extension Store {
    /// Adds up what was noted of use since the last time, ten thousand notes at most. Answers how many there were.
    package func foldUsage() async throws -> Int {
        try await session.first(.foldUsage, [])?.decode(at: 0) ?? 0
    }

    /// A tenant's months from `first` to `last`, such as `2026-01`, newest first; those without use too.
    package func usage(tenantID: Int64, from first: String, to last: String) async throws -> [MonthOfUse] {
        try await session.query(.usageOfTenant, [.int(tenantID), .text(first), .text(last)]).map { row in
            var columns = row.columns
            return MonthOfUse(
                month: try columns.next(), builds: try columns.next(), jobSeconds: try columns.next(),
                logBytes: try columns.next())
        }
    }
}

extension Statement {
    fileprivate static let foldUsage = Statement(stored: "usage.fold")
    fileprivate static let usageOfTenant = Statement(stored: "usage.of_tenant")
}
