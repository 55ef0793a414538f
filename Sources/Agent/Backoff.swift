/// Growing pauses between attempts at one thing: 100 ms at first, doubled up to 5 s, each shortened at random by up to
/// half so that agents do not come back all at once.
struct Backoff {
    private var ceiling = Duration.milliseconds(100)

    mutating func next() -> Duration {
        defer { ceiling = min(ceiling * 2, .seconds(5)) }
        return ceiling * Double.random(in: 0.5...1)
    }

    /// Ends early, with `CancellationError`, when the task is cancelled.
    mutating func pause() async throws {
        try await Task.sleep(for: next())
    }
}

/// Calls the server until it answers with something that waiting cannot change.
/// - Parameter note: told of the first fault that is waited for.
func persistently<Reply: Sendable>(
    noting note: (@Sendable (ServerFault) -> Void)? = nil, _ call: @Sendable () async throws -> Reply
) async throws -> Reply {
    var backoff = Backoff()
    var note = note
    while true {
        do {
            return try await call()
        } catch let fault as ServerFault where fault.isTemporary {
            note?(fault)
            note = nil
            try await backoff.pause()
        }
    }
}
