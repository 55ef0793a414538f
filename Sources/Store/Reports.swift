import Postgres

/// What reports are made of, kept up.
extension Store {
    /// Adds up builds that ended since the last time, a thousand at most. Answers how many there were.
    package func countEndedBuilds() async throws -> Int {
        try await session.first(.countBuilds, [])?.decode(at: 0) ?? 0
    }

    /// Adds up attempts that ended since the last time, a thousand at most. Answers how many there were.
    package func countEndedAttempts() async throws -> Int {
        try await session.first(.countAttempts, [])?.decode(at: 0) ?? 0
    }

    /// Adds up a piece of what ended before there were roll-ups. Answers whether there was one.
    package func countHistory() async throws -> Bool {
        let builds = try await session.first(.countBuildHistory, [])?.decode(Int.self, at: 0) ?? 0
        let attempts = try await session.first(.countAttemptHistory, [])?.decode(Int.self, at: 0) ?? 0
        return builds + attempts > 0
    }

    /// Forgets how jobs ended 90 days ago and earlier, a thousand at most. Answers how many there were.
    package func forgetOutcomes() async throws -> Int {
        try await session.execute(.forgetOutcomes, [])
    }
}

/// What a login that reads reports may do.
package struct ReaderLimits: Sendable, Hashable {
    /// It can start no transaction that writes, not even to temporary tables.
    package var isReadOnly: Bool
    /// Seconds that a statement may take, and that a transaction may be idle.
    package var statementSeconds: Int
    package var connections: Int

    package init(isReadOnly: Bool = false, statementSeconds: Int = 60, connections: Int = 10) {
        self.isReadOnly = isReadOnly
        self.statementSeconds = statementSeconds
        self.connections = connections
    }
}

extension Store {
    /// Lets a login read reports of a tenant; nil: of all. A login that is missing is made, with what PostgreSQL keeps of its
    /// password (`PasswordVerifier`). Answers whether it was.
    package func grantReader(_ login: String, tenantID: Int64?, password: String?, _ limits: ReaderLimits) async throws
        -> Bool
    {
        let parameters: [Parameter] = [
            .text(login), .int(tenantID), .text(password), .bool(limits.isReadOnly), .int(limits.statementSeconds),
            .int(limits.connections),
        ]
        return try await session.first(.grantReader, parameters)?.decode(at: 0) ?? false
    }

    /// Takes it back. Answers whether the login reads nothing any more.
    package func revokeReader(_ login: String, tenantID: Int64?) async throws -> Bool {
        try await session.first(.revokeReader, [.text(login), .int(tenantID)])?.decode(at: 0) ?? false
    }
}

extension Statement {
    fileprivate static let grantReader = Statement(stored: "reports.grant_reader")
    fileprivate static let revokeReader = Statement(stored: "reports.revoke_reader")
    fileprivate static let countBuilds = Statement(stored: "reports.count_builds")
    fileprivate static let countAttempts = Statement(stored: "reports.count_attempts")
    fileprivate static let countBuildHistory = Statement(stored: "reports.count_build_history")
    fileprivate static let countAttemptHistory = Statement(stored: "reports.count_attempt_history")
    fileprivate static let forgetOutcomes = Statement(stored: "reports.forget_outcomes")
}
