import Queue
import Synchronization
import TestSupport
import Testing

private final class Woken: Sendable {
    let names = Mutex<Set<String>>([])
}

@Suite struct WakeUpTests {
    @Test func aWaiterHereAndOnAnotherServerIsWoken() async throws {
        try await withMigratedDatabase { url, database in
            try await withPool(url) { other in
                let here = WakeUps(database: database, logger: .silent)
                let there = WakeUps(database: other, logger: .silent)
                let running = [here, there].map { wakeUps in Task { try await wakeUps.run() } }
                let woken = Woken()
                let waiters = [("here", here), ("there", there)].map { name, wakeUps in
                    Task {
                        await wakeUps.wait(for: "topic", atMost: .seconds(60))
                        _ = woken.names.withLock { $0.insert(name) }
                    }
                }
                // Until both listen, a wake-up may be missed: that is why waiters look by themselves too.
                try await eventually {
                    here.wake("topic")
                    return woken.names.withLock { $0.count } == 2
                }
                for waiter in waiters { await waiter.value }
                for task in running { task.cancel() }
            }
        }
    }

    @Test func aWaitEndsByItself() async throws {
        try await withMigratedDatabase { _, database in
            let wakeUps = WakeUps(database: database, logger: .silent)
            let start = ContinuousClock.now
            await wakeUps.wait(for: "nothing", atMost: .milliseconds(50))
            #expect(ContinuousClock.now - start >= .milliseconds(50))
        }
    }

    @Test func aCancelledWaitEnds() async throws {
        try await withMigratedDatabase { _, database in
            let wakeUps = WakeUps(database: database, logger: .silent)
            let waiter = Task { await wakeUps.wait(for: "nothing", atMost: .seconds(600)) }
            waiter.cancel()
            await waiter.value
        }
    }
}
