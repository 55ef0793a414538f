import Synchronization

/// Lets a number of tasks in at a time; the others wait their turn.
final class Gate: Sendable {
    private struct State {
        var free: Int
        var nextID = 0
        var waiting: [(id: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    }

    private let state: Mutex<State>

    init(_ places: Int) {
        state = Mutex(State(free: places))
    }

    /// Returns once there is room. Throws `CancellationError`, without a place, when the task is cancelled before.
    func enter() async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { queue($0, as: id) }
        } onCancel: {
            dequeue(id)?.resume(throwing: CancellationError())
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume()
    }

    private func queue(_ continuation: CheckedContinuation<Void, any Error>, as id: Int) {
        let answer = state.withLock { state -> Result<Void, any Error>? in
            // A cancellation before this moment found nobody to wake.
            if Task.isCancelled { return .failure(CancellationError()) }
            if state.free > 0 {
                state.free -= 1
                return .success(())
            }
            state.waiting.append((id, continuation))
            return nil
        }
        if let answer { continuation.resume(with: answer) }
    }

    private func dequeue(_ id: Int) -> CheckedContinuation<Void, any Error>? {
        state.withLock { state in
            state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0).continuation }
        }
    }
}
