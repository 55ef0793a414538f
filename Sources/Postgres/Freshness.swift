/// What is known of how new a standby is, from looks at the primary and at it.
///
/// The primary's position is noted with the time before it was asked for. Whatever was committed by then is on a standby that
/// has replayed that position.
struct Freshness {
    typealias Instant = ContinuousClock.Instant

    /// Positions of the primary that the standby had not replayed when it was last looked at, oldest first.
    private var noted: [(position: Int64, at: Instant)] = []
    /// The standby has everything that was committed by then; nil: it cannot be told.
    private(set) var newAsOf: Instant?

    mutating func primary(isAt position: Int64, _ at: Instant) {
        noted.append((position, at))
    }

    mutating func standby(hasReplayed position: Int64) {
        let count = noted.prefix { $0.position <= position }.count
        guard count > 0 else { return }
        newAsOf = noted[count - 1].at
        noted.removeFirst(count)
    }

    /// Forgets positions from before, which can no longer show that the standby is new.
    mutating func forget(before instant: Instant) {
        noted.removeAll { $0.at < instant }
    }

    /// It is no standby of this primary.
    mutating func distrust() {
        self = Freshness()
    }

    func isNew(within bound: Duration, _ now: Instant) -> Bool {
        newAsOf.map { now - $0 <= bound } ?? false
    }
}
