import Testing

@testable import API

/// The limiter itself, with times that the test chooses.
@Suite struct RateTableTests {
    private static let second: UInt64 = 1_000_000_000
    private static let start: UInt64 = 1000 * second

    private static func key(_ number: Int) -> RateKey {
        RateKey(.anonymous, IPAddress("10.\(number >> 16).\(number >> 8 & 255).\(number & 255)"))
    }

    @Test(arguments: [1, 2, 7, 11, 60, 1200, 6000, 30_000, 100_000_000])
    func asManyAsTheLimitComeAtOnceAndInTheNextMinute(perMinute: Int) throws {
        let limit = try #require(RateLimit(perMinute: perMinute))
        var table = RateTable(capacity: 10)
        let key = Self.key(1)
        let tried = min(perMinute, 50_000)
        for number in 1...tried {
            let verdict = table.take(key, limit, now: Self.start)
            #expect(verdict.retryAfter == nil && verdict.limit == perMinute)
            guard tried == perMinute else { continue }
            #expect(verdict.remaining == perMinute - number)
        }
        guard tried == perMinute else { return }
        let refused = table.take(key, limit, now: Self.start)
        #expect(refused.remaining == 0 && (1...61).contains(refused.retryAfter ?? 0) && refused.reset <= 60)
        let later = Self.start + UInt64(refused.retryAfter ?? 0) * Self.second
        #expect(table.take(key, limit, now: later).retryAfter == nil)
        var allowed = 0
        for step in 0..<(10 * UInt64(perMinute)) {
            let now = Self.start + 120 * Self.second + step * 6 * Self.second / UInt64(perMinute)
            if table.take(key, limit, now: now).retryAfter == nil { allowed += 1 }
        }
        #expect((2 * perMinute - 1...2 * perMinute + 1).contains(allowed), "\(allowed)")
    }

    @Test func whatIsRefusedDoesNotCount() throws {
        let limit = try #require(RateLimit(perMinute: 60))
        var table = RateTable(capacity: 10)
        let key = Self.key(1)
        for _ in 0..<60 { _ = table.take(key, limit, now: Self.start) }
        for _ in 0..<1000 { #expect(table.take(key, limit, now: Self.start).retryAfter == 1) }
        #expect(table.look(key, limit, now: Self.start).retryAfter == 1)
        #expect(table.take(key, limit, now: Self.start + Self.second).retryAfter == nil)
        #expect(table.take(key, limit, now: Self.start + Self.second).retryAfter == 1)
        #expect(table.look(key, limit, now: Self.start + 60 * Self.second).remaining == 59)
        #expect(table.look(key, limit, now: Self.start + 61 * Self.second).remaining == 60)
    }

    @Test func keysAreCountedApart() throws {
        let limit = try #require(RateLimit(perMinute: 1))
        var table = RateTable(capacity: 10)
        for number in 0..<5 { #expect(table.take(Self.key(number), limit, now: Self.start).retryAfter == nil) }
        for number in 0..<5 { #expect(table.take(Self.key(number), limit, now: Self.start).retryAfter == 60) }
        let address = IPAddress("10.0.0.0")
        #expect(table.look(RateKey(.failure, address), limit, now: Self.start).retryAfter == nil)
        let (one, other) = (IPAddress("2001:db8::1"), IPAddress("2001:db8::2"))
        #expect(RateKey(.hook, one) == RateKey(.hook, other))
        #expect(RateKey(.hook, one) != RateKey(.hook, IPAddress("2001:db8:0:1::1")))
        #expect(RateKey(token: Array(0..<32)) != RateKey(token: Array(1..<33)))
    }

    @Test func aTableNeverGrowsBeyondItsCapacity() throws {
        let limit = try #require(RateLimit(perMinute: 60))
        var table = RateTable(capacity: 100)
        let offender = Self.key(1 << 20)
        for _ in 0..<60 { _ = table.take(offender, limit, now: Self.start) }
        for number in 0..<10_000 {
            _ = table.take(Self.key(number), limit, now: Self.start)
            #expect(table.count <= 101)
        }
        #expect(table.take(offender, limit, now: Self.start).retryAfter == 1)
        for number in 0..<200 { _ = table.take(Self.key(number), limit, now: Self.start + 120 * Self.second) }
        #expect(table.count <= 101)
    }

    @Test func knownKeysAreRemembered() throws {
        let limit = try #require(RateLimit(perMinute: 60))
        var table = RateTable(capacity: 10)
        let key = Self.key(1)
        #expect(!table.isKnown(key) && !table.take(key, limit, now: Self.start).isKnown)
        table.markKnown(key, now: Self.start)
        #expect(table.isKnown(key) && table.take(key, limit, now: Self.start).isKnown)
        #expect(RateLimit(perMinute: 0) == nil)
    }
}
