import Synchronization

/// A leased connection in a task's hands.
///
/// `@unchecked Sendable`: `history` has its lock, the rest belongs to the loop's thread.
final class Lease: @unchecked Sendable {
    private struct History {
        var isUsed = false
        var failure: PostgresError?
    }

    /// What the tasks that use it have seen.
    private let history = Mutex(History())

    /// Nil after it broke.
    var link: Link?
    /// To be sent in front of the first statement.
    var begin: Statement?
    var isEnded = false
    var isRolledBack = false
    var whenEnded: UnsafeContinuation<Void, Never>?

    init(_ link: Link, begin: Statement?) {
        self.link = link
        self.begin = begin
    }

    /// A statement was sent.
    var isUsed: Bool { history.withLock { $0.isUsed } }
    /// The first statement's error.
    var failure: PostgresError? { history.withLock { $0.failure } }

    func use() {
        history.withLock { $0.isUsed = true }
    }

    func note(_ error: any Error) {
        history.withLock { history in
            history.failure = history.failure ?? error as? PostgresError
        }
    }
}
