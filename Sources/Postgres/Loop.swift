import Logging
import Synchronization

/// The handle of the thread that drives all connections. The thread ends after `.close`.
final class Loop: Sendable {
    let inbox: Inbox
    private let board = StatisticsBoard()

    init(_ configuration: DatabaseConfiguration, logger: Logger) {
        let poller = Poller()
        inbox = Inbox(poller)
        HelperThread.run { [inbox, board] in
            Driver(configuration, logger: logger, inbox: inbox, poller: poller, board: board).run()
        }
    }

    var statistics: PoolStatistics { board.latest }

    /// Tells the loop, without waiting for anything.
    func tell(_ command: Command) {
        if !inbox.post(command) { command.refuse() }
    }

    /// Sends a statement and waits for its rows. Cancelling the task ends the waiting at once.
    func rows(_ request: Request, on lease: Lease? = nil) async throws -> Rows {
        try await withTaskCancellationHandler {
            try await uncancelled(request, on: lease)
        } onCancel: {
            tell(.cancel(request))
        }
    }

    /// Sends a statement and waits for its rows, whether the task is cancelled or not.
    func uncancelled(_ request: Request, on lease: Lease? = nil) async throws -> Rows {
        try await withUnsafeThrowingContinuation { continuation in
            if let lease {
                tell(.leased(request, .rows(continuation), lease))
            } else {
                tell(.statement(request, .rows(continuation)))
            }
        }
    }

    /// Waits for a leased connection. `begin` is put in front of its first statement.
    func lease(begin: Statement? = nil) async throws -> Lease {
        let request = Request(begin ?? Statement(name: "lease", sql: ""), once: true)
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { tell(.lease(request, .lease($0))) }
        } onCancel: {
            tell(.cancel(request))
        }
    }

    /// Ends a lease and waits until the connection is at rest: rolled back, or closed.
    func end(_ lease: Lease) async {
        await withUnsafeContinuation { tell(.endLease(lease, $0)) }
    }

    func untilClosed() async {
        await withUnsafeContinuation { tell(.whenClosed($0)) }
    }
}

/// The numbers the loop puts up before it sleeps.
final class StatisticsBoard: Sendable {
    private let numbers = Mutex(PoolStatistics())

    var latest: PoolStatistics { numbers.withLock { $0 } }

    func put(_ statistics: PoolStatistics) {
        numbers.withLock { $0 = statistics }
    }
}
