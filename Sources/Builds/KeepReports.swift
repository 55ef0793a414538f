import Store

extension Engine {
    /// Adds up what ended since the last time, for reports; first also what ended before there were roll-ups.
    ///
    /// In transactions of their own, not because there is more than one statement in each, but to be on connections where
    /// nobody waits behind them.
    package func keepReports() async throws {
        repeat {
            while try await store.transaction({ store, _ in try await store.countEndedBuilds() }) == 1000 {}
            while try await store.transaction({ store, _ in try await store.countEndedAttempts() }) == 1000 {}
        } while try await countHistory()
    }

    /// A piece, and a pause that leaves the database to others: after a migration there may be thousands.
    private func countHistory() async throws -> Bool {
        guard try await store.transaction({ store, _ in try await store.countHistory() }) else { return false }
        try await Task.sleep(for: .milliseconds(100))
        return true
    }
}
