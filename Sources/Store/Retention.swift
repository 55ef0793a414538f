import Postgres

/// How long builds and logs are kept. nil: a wider rule says; 0: no limit.
package struct RetentionRule: Sendable, Hashable {
    package var buildDays: Int?
    package var buildCount: Int?
    package var logDays: Int?
    /// Compressed.
    package var logBytes: Int64?

    package init(buildDays: Int? = nil, buildCount: Int? = nil, logDays: Int? = nil, logBytes: Int64? = nil) {
        self.buildDays = buildDays
        self.buildCount = buildCount
        self.logDays = logDays
        self.logBytes = logBytes
    }

    package var isEmpty: Bool { self == RetentionRule() }
}

/// A rule, and whose builds it is for: the server's, a tenant's or a repository's.
package struct PlacedRule: Sendable, Hashable {
    package var tenant: String?
    /// `owner/name`.
    package var repository: String?
    package var rule: RetentionRule
}

/// What the rules let go.
package struct Removal: Sendable, Hashable {
    package var builds = 0
    package var logs = 0
    /// Of log, as text.
    package var bytes: Int64 = 0

    package init() {}

    package static func += (sum: inout Removal, other: Removal) {
        sum.builds += other.builds
        sum.logs += other.logs
        sum.bytes += other.bytes
    }
}

extension Store {
    /// Repositories with an id above `id` that a rule is for, by id.
    package func reposWithRetention(after id: Int64, limit: Int) async throws -> [Int64] {
        try await session.query(.repos, [.int(id), .int(limit)]).map { try $0.decode(at: 0) }
    }

    /// What would go of the next 200 builds after `number`, and the last number that was looked at; nil at the end.
    package func estimateRemoval(repoID: Int64, after number: Int64) async throws -> (Removal, last: Int64?) {
        guard let row = try await session.first(.estimate, [.int(repoID), .int(number)]) else {
            return (Removal(), nil)
        }
        var columns = row.columns
        var removal = Removal()
        removal.builds = try columns.next()
        removal.logs = try columns.next()
        removal.bytes = try columns.next()
        return (removal, try columns.next())
    }

    /// The last of the next 200 builds after `number`; nil at the end.
    package func lastLookedAt(repoID: Int64, after number: Int64) async throws -> Int64? {
        try await session.first(.lastLookedAt, [.int(repoID), .int(number)])?.decode(Int64?.self, at: 0) ?? nil
    }

    /// Removes logs of those 200. Answers how many; fewer than `most` when no more may go.
    package func removeLogs(repoID: Int64, after number: Int64, most: Int) async throws -> Int {
        try await session.first(.removeLogs, [.int(repoID), .int(number), .int(most)])?.decode(at: 0) ?? 0
    }

    /// Removes those of the 200 that may go and have no log any more, with all that is theirs. Answers how many; fewer than
    /// `most` when no more may go.
    package func removeBuilds(repoID: Int64, after number: Int64, most: Int) async throws -> Int {
        try await session.first(.removeBuilds, [.int(repoID), .int(number), .int(most)])?.decode(at: 0) ?? 0
    }

    /// Gives the disk space of days without a log back. Answers how many there were.
    package func dropEmptyPartitions() async throws -> Int {
        try await session.first(.dropEmptyPartitions, [])?.decode(at: 0) ?? 0
    }

    // Rules -----------------------------------------------------------------------------------------------------

    package func retentionRules() async throws -> [PlacedRule] {
        try await session.query(.rules, []).map { row in
            var columns = row.columns
            return PlacedRule(
                tenant: try columns.next(), repository: try columns.next(),
                rule: RetentionRule(
                    buildDays: try columns.next(), buildCount: try columns.next(), logDays: try columns.next(),
                    logBytes: try columns.next()))
        }
    }

    /// Replaces the rule of a place; an empty one removes it. Both ids nil: the server's.
    package func setRetention(_ rule: RetentionRule, tenantID: Int64?, repoID: Int64?) async throws {
        guard !rule.isEmpty else {
            _ = try await session.execute(.deleteRule, [.int(tenantID), .int(repoID)])
            return
        }
        let parameters: [Parameter] = [
            .int(tenantID), .int(repoID), .int(rule.buildDays), .int(rule.buildCount), .int(rule.logDays),
            .int(rule.logBytes),
        ]
        _ = try await session.execute(.setRule, parameters)
    }
}

extension Statement {
    fileprivate static let repos = Statement(stored: "retention.repos")
    fileprivate static let estimate = Statement(stored: "retention.estimate")
    fileprivate static let lastLookedAt = Statement(stored: "retention.last_looked_at")
    fileprivate static let removeLogs = Statement(stored: "retention.remove_logs")
    fileprivate static let removeBuilds = Statement(stored: "retention.remove_builds")
    fileprivate static let dropEmptyPartitions = Statement(stored: "retention.drop_empty_partitions")
    fileprivate static let rules = Statement(stored: "retention.rules")
    fileprivate static let setRule = Statement(stored: "retention.set_rule")
    fileprivate static let deleteRule = Statement(stored: "retention.delete_rule")
}
