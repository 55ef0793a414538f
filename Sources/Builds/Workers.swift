import Core
import Forge
package import Logging
import Queue
import ServiceLifecycle
import Store

/// What a server does by itself: handles deliveries, rescues jobs, keeps house.
package struct Workers: Service {
    private let engine: Engine
    private let logger: Logger

    package init(engine: Engine, logger: Logger) {
        self.engine = engine
        self.logger = logger
    }

    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            // What nobody tells of is found by one of them within two seconds.
            group.addTask { await handleDeliveries(atMost: .seconds(2)) }
            group.addTask { await handleDeliveries(atMost: .seconds(30)) }
            group.addTask { await every(.seconds(1), "rescue") { _ = try await engine.rescueJobs() } }
            group.addTask { await every(.seconds(60 * 10), "housekeeping") { try await engine.keepHouse() } }
            group.addTask { await every(.seconds(5), "usage") { try await engine.foldUsage() } }
            group.addTask { await every(.seconds(10), "reports") { try await engine.keepReports() } }
            group.addTask { await every(.seconds(60 * 10), "retention") { try await engine.keepRetention() } }
            group.addTask { await admit() }
            group.addTask { await moveFloors() }
            group.addTask { await every(.seconds(10), "queue") { try await engine.bringUpJobs() } }
            group.addTask { await tellStatuses() }
            group.addTask { await every(.seconds(10), "spool") { try await engine.drainSpools() } }
            group.addTask { await lookForMissedPushes() }
            try? await gracefulShutdown()
            group.cancelAll()
        }
    }

    /// At the start, until every repository was looked at, and from time to time. What the spools hold comes first: it is
    /// older than where the refs stand now.
    private func lookForMissedPushes() async {
        while !Task.isCancelled {
            var sawAll = false
            do {
                try await engine.drainSpools()
                sawAll = try await engine.compareRefs()
            } catch is CancellationError {
                return
            } catch {
                logger.error("refs could not be compared", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: sawAll ? .seconds(600) : .seconds(5))
        }
    }

    private func handleDeliveries(atMost pause: Duration) async {
        while !Task.isCancelled {
            do {
                let mark = engine.wakeUps.mark(Topic.intake)
                if try await engine.handleNextDeliveries() { continue }
                await engine.wakeUps.wait(for: Topic.intake, since: mark, atMost: pause)
            } catch is CancellationError {
                return
            } catch {
                logger.error("deliveries could not be handled", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// After builds have changed, at most once a second, and from time to time.
    private func tellStatuses() async {
        while !Task.isCancelled {
            let mark = engine.wakeUps.mark(Topic.events)
            await once("statuses") { try await engine.tellStatuses() }
            try? await Task.sleep(for: .seconds(1))
            await engine.wakeUps.wait(for: Topic.events, since: mark, atMost: .seconds(9))
        }
    }

    /// Once a second while jobs are claimed, and from time to time.
    private func moveFloors() async {
        while !Task.isCancelled {
            let mark = engine.wakeUps.mark(Topic.queue)
            var moved = true
            await once("queue") { moved = try await engine.moveFloors() }
            try? await Task.sleep(for: .seconds(1))
            if !moved { await engine.wakeUps.wait(for: Topic.queue, since: mark, atMost: .seconds(4)) }
        }
    }

    /// Lets held jobs through: after what may have made room for one, and from time to time.
    private func admit() async {
        while !Task.isCancelled {
            let mark = engine.wakeUps.mark(Topic.admission)
            do {
                try await engine.admitHeldJobs()
            } catch is CancellationError {
                return
            } catch {
                logger.error("held jobs could not be let through", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
            await engine.wakeUps.wait(for: Topic.admission, since: mark, atMost: .seconds(4))
        }
    }

    private func every(_ pause: Duration, _ name: String, _ body: () async throws -> Void) async {
        while !Task.isCancelled {
            await once(name, body)
            try? await Task.sleep(for: pause)
        }
    }

    private func once(_ name: String, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch is CancellationError {
            // The loop ends by itself.
        } catch {
            logger.error("work failed and is tried again", metadata: ["work": "\(name)", "error": "\(error)"])
        }
    }
}
