import Testing

@testable import Postgres

struct BackoffTests {
    @Test func doublesUpToFiveSeconds() {
        var backoff = Backoff()
        var now = ContinuousClock.now
        var delays: [Duration] = []
        for _ in 1...9 {
            backoff.failed(at: now, chance: 1)
            let until = backoff.until ?? now
            #expect(!backoff.allows(now) && backoff.allows(until))
            delays.append(until - now)
            now = until
        }
        #expect(delays == [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000].map { .milliseconds($0) })
        backoff.succeeded()
        #expect(backoff.allows(now) && backoff.failures == 0)
    }

    @Test func chanceShortensItToHalf() {
        var backoff = Backoff()
        let now = ContinuousClock.now
        backoff.failed(at: now, chance: 0)
        #expect(backoff.until == now + .milliseconds(25))
    }
}
