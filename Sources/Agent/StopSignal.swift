import Synchronization

/// Asks a running job to stop, and remembers why.
final class StopSignal: Sendable {
    enum Reason: Sendable {
        /// Somebody cancelled it: report it as killed.
        case cancelled
        /// It has run too long: report it as killed.
        case timedOut
        /// The server gave it away, or knows nothing of it: report nothing more.
        case stale
        /// The agent is leaving: report nothing, and hand it back so that another agent takes it.
        case drained

        /// Whether nothing more is sent.
        var isAbandonment: Bool {
            switch self {
            case .cancelled, .timedOut: false
            case .stale, .drained: true
            }
        }
    }

    private struct State {
        var reason: Reason?
        var stop: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let abandonments: AsyncStream<Void>
    private let abandonment: AsyncStream<Void>.Continuation

    init() {
        (abandonments, abandonment) = AsyncStream.makeStream()
    }

    var reason: Reason? { state.withLock(\.reason) }

    /// The first reason stays, but for an abandonment, which overrides the others.
    func stop(_ reason: Reason) {
        let stop = state.withLock { state in
            if state.reason == nil || reason.isAbandonment { state.reason = reason }
            return state.stop
        }
        stop?()
        if reason.isAbandonment { abandonment.finish() }
    }

    /// `stop` is called at each reason, at once if there is one.
    func whenStopped(_ stop: @escaping @Sendable () -> Void) {
        let isStopped = state.withLock { state in
            state.stop = stop
            return state.reason != nil
        }
        if isStopped { stop() }
    }

    /// Returns when nothing more may be sent, or when the task is cancelled.
    func abandoned() async {
        for await _ in abandonments {}
    }
}
