import Testing
import TestSupport

@testable import Postgres

@Suite struct FreshnessTests {
    private let start = ContinuousClock.now

    private func after(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func aStandbyIsAsNewAsTheNewestPositionThatItHasReplayed() {
        var freshness = Freshness()
        #expect(!freshness.isNew(within: .seconds(1000), start))
        freshness.primary(isAt: 100, after(0))
        freshness.primary(isAt: 200, after(1))
        freshness.primary(isAt: 300, after(2))
        freshness.standby(hasReplayed: 99)
        #expect(freshness.newAsOf == nil)
        freshness.standby(hasReplayed: 250)
        #expect(freshness.newAsOf == after(1))
        #expect(freshness.isNew(within: .seconds(10), after(11)))
        #expect(!freshness.isNew(within: .seconds(10), after(12)))
        freshness.standby(hasReplayed: 300)
        #expect(freshness.newAsOf == after(2))
    }

    /// While nobody writes, the position stays, and the standby is new at each look.
    @Test func silenceIsNoLag() {
        var freshness = Freshness()
        for second in 0..<100 {
            freshness.primary(isAt: 100, after(second))
            freshness.standby(hasReplayed: 100)
        }
        #expect(freshness.newAsOf == after(99))
    }

    @Test func aStandbyThatStaysBehindIsNotNewAndCatchesUp() {
        var freshness = Freshness()
        for second in 0..<100 {
            freshness.primary(isAt: Int64(second), after(second))
            freshness.standby(hasReplayed: Int64(second) - 20)
            freshness.forget(before: after(second - 10))
        }
        #expect(!freshness.isNew(within: .seconds(10), after(99)))
        freshness.standby(hasReplayed: 99)
        #expect(freshness.isNew(within: .seconds(10), after(99)))
    }

    @Test func oneThatIsNoStandbyIsNotTrusted() {
        var freshness = Freshness()
        freshness.primary(isAt: 1, after(0))
        freshness.standby(hasReplayed: 1)
        freshness.distrust()
        #expect(!freshness.isNew(within: .seconds(10), after(0)))
    }

    /// A database that is not in recovery, the primary itself among them, is no standby.
    @Test func aPrimaryIsNoReplica() async throws {
        try await withDatabase { _, database in
            let replica = Replica(database, of: database, bound: .seconds(10), logger: .silent)
            await replica.look()
            #expect(!replica.isFresh)
        }
    }
}
