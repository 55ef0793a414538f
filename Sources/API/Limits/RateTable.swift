/// How often something may be done in a minute.
struct RateLimit: Sendable, Hashable {
    static let minute: UInt64 = 60_000_000_000

    let perMinute: Int
    /// Nanoseconds between two, at that pace.
    let interval: UInt64

    /// nil: there is no limit.
    init?(perMinute: Int) {
        guard perMinute > 0 else { return nil }
        self.perMinute = perMinute
        interval = max(Self.minute / UInt64(perMinute), 1)
    }
}

/// What is counted, and for whom.
struct RateKey: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case token
        case anonymous
        case failure
        case hook
    }

    let kind: Kind
    private let high: UInt64
    private let low: UInt64

    /// By the first half of a token's hash.
    init(token hash: [UInt8]) {
        kind = .token
        (high, low) = hash.withUnsafeBytes { bytes in
            guard bytes.count >= 16 else { return (0, 0) }
            return (
                bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
    }

    /// By address; of IPv6 by its /64, which one subscriber has all of. Requests without an address are counted as one.
    init(_ kind: Kind, _ address: IPAddress?) {
        self.kind = kind
        high = address?.subscriber.high ?? 0
        low = address?.subscriber.low ?? 0
    }
}

/// What became of a request that was counted.
struct RateVerdict: Sendable, Hashable {
    var limit: Int
    /// How many more could come at once.
    var remaining: Int
    /// Seconds until all of `limit` could.
    var reset: Int
    /// Seconds until one may come; nil: this one may.
    var retryAfter: Int?
    /// The key was marked as known.
    var isKnown = false
}

/// Counts for many keys: a minute's worth may come at once, and then as many as the minute gives (GCRA, the leaky bucket as a
/// meter). Knows no clock: times are nanoseconds of one that only goes forward.
struct RateTable: Sendable {
    private struct Entry {
        /// When nothing of what came counts any more.
        var emptyAt: UInt64
        var isKnown = false
    }

    private var entries: [RateKey: Entry] = [:]
    private let capacity: Int

    /// - Parameter capacity: keys it holds at most. Beyond, those with the least to remember are forgotten, which lets them
    ///   begin anew.
    init(capacity: Int) {
        self.capacity = capacity
    }

    var count: Int { entries.count }

    /// Counts one, unless it is too many: what is refused does not count.
    mutating func take(_ key: RateKey, _ limit: RateLimit, now: UInt64) -> RateVerdict {
        var entry = entries[key] ?? Entry(emptyAt: now)
        let used = max(entry.emptyAt, now) - now
        guard used + limit.interval <= RateLimit.minute else { return refusal(entry, limit, used) }
        entry.emptyAt = now + used + limit.interval
        store(entry, key, now)
        return verdict(entry, limit, used + limit.interval)
    }

    /// What `take` would say, without counting.
    func look(_ key: RateKey, _ limit: RateLimit, now: UInt64) -> RateVerdict {
        guard let entry = entries[key] else {
            return RateVerdict(limit: limit.perMinute, remaining: limit.perMinute, reset: 0)
        }
        let used = max(entry.emptyAt, now) - now
        return used + limit.interval <= RateLimit.minute ? verdict(entry, limit, used) : refusal(entry, limit, used)
    }

    func isKnown(_ key: RateKey) -> Bool { entries[key]?.isKnown == true }

    mutating func markKnown(_ key: RateKey, now: UInt64) {
        var entry = entries[key] ?? Entry(emptyAt: now)
        entry.isKnown = true
        store(entry, key, now)
    }

    private func verdict(_ entry: Entry, _ limit: RateLimit, _ used: UInt64) -> RateVerdict {
        RateVerdict(
            limit: limit.perMinute, remaining: Int((RateLimit.minute - used) / limit.interval), reset: used.seconds,
            isKnown: entry.isKnown)
    }

    private func refusal(_ entry: Entry, _ limit: RateLimit, _ used: UInt64) -> RateVerdict {
        RateVerdict(
            limit: limit.perMinute, remaining: 0, reset: used.seconds,
            retryAfter: max((used + limit.interval - RateLimit.minute).seconds, 1), isKnown: entry.isKnown)
    }

    private mutating func store(_ entry: Entry, _ key: RateKey, _ now: UInt64) {
        if entries.updateValue(entry, forKey: key) == nil, entries.count > capacity { makeRoom(now) }
    }

    /// Forgets what no longer counts and, if that is not enough, a quarter: those whose counts end first. Done so seldom that
    /// its cost, shared among the keys that came in since, is small.
    private mutating func makeRoom(_ now: UInt64) {
        entries = entries.filter { $0.value.emptyAt > now }
        guard entries.count > capacity / 4 * 3 else { return }
        let ends = entries.values.map(\.emptyAt).sorted()
        let bound = ends[entries.count - capacity / 4 * 3]
        entries = entries.filter { $0.value.emptyAt > bound }
    }
}

extension UInt64 {
    /// Nanoseconds as whole seconds, rounded up.
    fileprivate var seconds: Int { Int((self + 999_999_999) / 1_000_000_000) }
}
