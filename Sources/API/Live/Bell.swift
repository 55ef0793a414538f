import Synchronization

/// Wakes all that wait for something new.
///
/// Who waits says what count it has looked at: a ring between the look and the wait is not missed.
final class Bell: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Waiter {
        var deadline: Instant
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var count: UInt64 = 0
        var nextID: UInt64 = 0
        var waiters: [UInt64: Waiter] = [:]
    }

    private let state = Mutex(State())

    /// How often it was rung.
    var count: UInt64 { state.withLock(\.count) }

    func ring() {
        let waiters = state.withLock { state in
            state.count += 1
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.continuation.resume() }
    }

    /// Lets those go whose time is over. To be called from time to time: a timer for each of a thousand waiters would
    /// cost more than what they wait for.
    func releaseOverdue(at now: Instant = .now) {
        let overdue = state.withLock { state in
            let overdue = state.waiters.filter { $0.value.deadline <= now }
            for id in overdue.keys { state.waiters[id] = nil }
            return overdue
        }
        for waiter in overdue.values { waiter.continuation.resume() }
    }

    private static let pause = Duration.milliseconds(500)

    /// Looks at once, after every signal, and at least every half second, until the task is cancelled; meanwhile lets those go
    /// whose time is over.
    func attend(
        _ signals: AsyncStream<Void>, _ signal: AsyncStream<Void>.Continuation,
        _ look: @escaping @Sendable () async -> Void
    ) async {
        signal.yield()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await Task.sleep(for: Self.pause)) != nil {
                    signal.yield()
                    self.releaseOverdue()
                }
            }
            group.addTask {
                for await _ in signals { await look() }
            }
            await group.waitForAll()
        }
    }

    /// Returns when it has been rung more than `count` times, when the deadline was noticed, or when the task is cancelled.
    func wait(beyond count: UInt64, until deadline: Instant) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if Task.isCancelled || state.count > count { return true }
                    state.waiters[id] = Waiter(deadline: deadline, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
        }
    }
}
