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

extension Statement {
    fileprivate static let countBuilds = Statement(stored: "reports.count_builds")
    fileprivate static let countAttempts = Statement(stored: "reports.count_attempts")
    fileprivate static let countBuildHistory = Statement(stored: "reports.count_build_history")
    fileprivate static let countAttemptHistory = Statement(stored: "reports.count_attempt_history")
    fileprivate static let forgetOutcomes = Statement(stored: "reports.forget_outcomes")
}
