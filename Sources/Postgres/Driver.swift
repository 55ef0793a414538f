import Logging

/// The loop itself. Lives and dies on its thread; other threads reach it through the inbox.
///
/// A round: take the commands, do what is due, write, sleep until something comes, read.
final class Driver {
    typealias Instant = ContinuousClock.Instant

    let configuration: DatabaseConfiguration
    let logger: Logger
    let inbox: Inbox
    let poller: Poller
    private let board: StatisticsBoard
    private let clock = ContinuousClock()

    var now: Instant
    var pool: PoolState<Request>
    var links: [Link?]
    /// Links to be written to at the end of the round.
    var dirty: [Link] = []
    var connectionsMade: UInt64 = 0
    var subscriptions = Subscriptions()
    /// Why no connection stands, if so.
    var lastFailure: PostgresError?
    private var closeWaiters: [UnsafeContinuation<Void, Never>] = []

    init(
        _ configuration: DatabaseConfiguration, logger: Logger, inbox: Inbox, poller: Poller, board: StatisticsBoard
    ) {
        self.configuration = configuration
        self.logger = logger
        self.inbox = inbox
        self.poller = poller
        self.board = board
        now = clock.now
        pool = PoolState(configuration.limits, now: now)
        links = Array(repeating: nil, count: pool.slots.count)
    }

    func run() {
        var commands: [Command] = []
        while !pool.isFinished {
            now = clock.now
            inbox.drain(into: &commands)
            for command in commands { handle(command) }
            commands.removeAll(keepingCapacity: true)
            for action in pool.due(now) { perform(action) }
            flush()
            board.put(pool.snapshot)
            if pool.isFinished { break }
            for event in poller.wait(milliseconds: inbox.fallAsleep() ? untilDeadline() : 0) { handle(event) }
        }
        finish()
    }

    private func handle(_ command: Command) {
        switch command {
        case .statement(let request, let answer): place(request, answer)
        case .leased(let request, let answer, let lease): sendLeased(request, answer, lease)
        case .lease(let request, let answer): placeLease(request, answer)
        case .endLease(let lease, let continuation): end(lease, continuation)
        case .cancel(let request): cancel(request)
        case .connected(let slot, let result): connected(slot, result)
        case .cancelSent(let link): cancelSent(link)
        case .subscribe(let subscription): subscribe(subscription)
        case .unsubscribe(let subscription): unsubscribe(subscription)
        case .start: pool.isStarted = true
        case .close(let bound): pool.close(now: now, within: bound)
        case .whenClosed(let continuation): closeWaiters.append(continuation)
        }
    }

    private func perform(_ action: PoolState<Request>.Action) {
        switch action {
        case .open(let slot): open(slot)
        case .close(let slot): close(slot)
        case .stalled(let slot): stalled(slot)
        case .expire(let request, let refusal): request.fail(error(refusal))
        case .abandon: abandon()
        }
    }

    func error(_ refusal: PoolState<Request>.Refusal) -> PostgresError {
        switch refusal {
        case .full: PostgresError(.overloaded, "too many wait for a connection")
        case .late: PostgresError(.overloaded, "no connection became free in time")
        case .unreachable:
            PostgresError(.connection, "the database cannot be reached\(lastFailure.map { ": \($0.message)" } ?? "")")
        case .closed: .databaseClosed
        }
    }

    /// Milliseconds, rounded up so that the deadline has passed afterwards; -1 for none.
    private func untilDeadline() -> Int32 {
        guard let deadline = pool.nextDeadline else { return -1 }
        let left = (deadline - clock.now) / .milliseconds(1)
        return Int32(min(max(0, left.rounded(.up)), 60_000))
    }

    private func finish() {
        for command in inbox.close() { command.refuse() }
        subscriptions.finish()
        board.put(pool.snapshot)
        for waiter in closeWaiters { waiter.resume() }
        poller.close()
    }
}

extension DatabaseConfiguration {
    fileprivate var limits: PoolState<Request>.Limits {
        var limits = PoolState<Request>.Limits()
        limits.shared = shared
        limits.leased = leased
        limits.waiting = waiting
        limits.wait = wait
        limits.stall = statementTimeout + .seconds(10)
        return limits
    }
}
