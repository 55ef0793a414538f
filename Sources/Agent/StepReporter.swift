import AgentProtocol

/// Tells the server how steps go, in order, without making them wait for it.
struct StepReporter: Sendable {
    private let attempt: AttemptClient
    private let updates: AsyncStream<StepUpdate>
    private let queue: AsyncStream<StepUpdate>.Continuation

    init(attempt: AttemptClient) {
        self.attempt = attempt
        (updates, queue) = AsyncStream.makeStream()
    }

    func report(_ update: StepUpdate) {
        queue.yield(update)
    }

    /// No update follows.
    func close() {
        queue.finish()
    }

    /// Returns when it is closed and the server has every update. Called once.
    func drain() async throws {
        for await update in updates {
            try await persistently { try await attempt.report(update) }
        }
        try Task.checkCancellation()
    }
}
