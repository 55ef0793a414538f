/// The time given to `withDeadline` is over.
struct DeadlineExceeded: Error {}

/// Runs `work`, and cancels it once `limit` is over: then throws `DeadlineExceeded`, as soon as `work` has ended.
func withDeadline<Value: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() ?? nil else { throw DeadlineExceeded() }
        return value
    }
}
