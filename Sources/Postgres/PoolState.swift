/// What the pool decides, without connections and without a clock: times are told, connections are numbered slots.
///
/// Shared slots carry many statements at a time, up to a window, so that a slow statement holds back few others; leased
/// slots belong to one task at a time; the listener's slot only stands. Who finds no slot waits in line, up to a bound
/// and a deadline. All three kinds back off after failures, then try with one connection until it stands.
struct PoolState<Waiter: Equatable> {
    typealias Instant = ContinuousClock.Instant

    enum Role: Int, CaseIterable {
        case shared, leased, listener
    }

    struct Limits {
        var shared = 4
        var leased = 8
        /// Of each of the two lines.
        var waiting = 4096
        var wait = Duration.seconds(5)
        /// Statements under way on one shared connection.
        var window = 32
        /// Without an answer for so long, a shared connection with statements under way is taken for dead.
        var stall = Duration.seconds(40)
        /// After so long a free leased connection is closed.
        var idle = Duration.seconds(300)
        /// How long an ended lease may take to become free again.
        var drain = Duration.seconds(5)
    }

    enum Phase: Equatable {
        case closed
        case connecting
        /// It stands: open for statements, or free to be leased.
        case free
        case leased
        /// The lease has ended, the connection not come to rest.
        case draining(until: Instant)
    }

    struct Slot {
        let role: Role
        var phase = Phase.closed
        var inFlight = 0
        /// Of the last answer, or of the statement that ended a rest; of the return to the free ones.
        var since: Instant
    }

    struct Waiting {
        let waiter: Waiter
        let deadline: Instant
    }

    enum Placement: Equatable {
        case slot(Int)
        case waits
        case refused(Refusal)
    }

    enum Refusal: Equatable {
        /// Too many wait already.
        case full
        /// It waited too long while connections stood.
        case late
        /// It waited too long and none stood.
        case unreachable
        case closed
    }

    let limits: Limits
    var slots: [Slot]
    var sharedLine = Ring<Waiting>()
    var leasedLine = Ring<Waiting>()
    var backoffs = [Backoff](repeating: Backoff(), count: Role.allCases.count)
    /// Shared connections are opened from the first use on.
    var isStarted = false
    var wantsListener = false
    var closesAt: Instant?
    var statistics = PoolStatistics()

    init(_ limits: Limits, now: Instant) {
        self.limits = limits
        let roles =
            Array(repeating: Role.shared, count: limits.shared)
            + Array(repeating: .leased, count: limits.leased) + [.listener]
        slots = roles.map { Slot(role: $0, since: now) }
    }

    var isClosing: Bool { closesAt != nil }
    var listenerSlot: Int { slots.count - 1 }
    var sharedSlots: Range<Int> { 0..<limits.shared }
    var leasedSlots: Range<Int> { limits.shared..<limits.shared + limits.leased }

    func failures(of role: Role) -> Int { backoffs[role.rawValue].failures }

    func indices(of role: Role) -> Range<Int> {
        switch role {
        case .shared: sharedSlots
        case .leased: leasedSlots
        case .listener: listenerSlot..<slots.count
        }
    }
}
