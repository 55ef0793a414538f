package import Logging
package import Postgres
import ServiceLifecycle
import Synchronization
import SQL

/// Tells waiters that something may have changed. A hint only: who waits also looks by itself from time to time.
///
/// Local waiters wake at once; those of other servers through NOTIFY, sent after the commit from this service's own statement,
/// at most one for a topic every few milliseconds.
package final class WakeUps: Service, Sendable {
    private static let channel = "skep_wake"
    private static let pause = Duration.milliseconds(5)

    private struct State {
        var waiters: [String: [Int64: CheckedContinuation<Void, Never>]] = [:]
        var hearers: [String: [Int64: @Sendable () -> Void]] = [:]
        var nextID: Int64 = 0
        /// How often topics were woken. Several topics share a count, so that there is no end of topics to remember.
        var counts = [UInt64](repeating: 0, count: 256)
        var unsent: Set<String> = []
        var sender: AsyncStream<Void>.Continuation?

        func mark(_ topic: String) -> Mark {
            Mark(count: counts[Self.place(of: topic)])
        }

        mutating func count(_ topic: String) {
            counts[Self.place(of: topic)] &+= 1
        }

        private static func place(of topic: String) -> Int { Int(UInt(bitPattern: topic.hashValue) % 256) }
    }

    private let state = Mutex(State())
    private let database: Database
    private let logger: Logger

    package init(database: Database, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// How things stand with a topic. Taken before looking for something, it lets the wait that follows end at once when the
    /// topic was woken in between.
    package struct Mark: Sendable, Equatable {
        fileprivate var count: UInt64
    }

    package func mark(_ topic: String) -> Mark {
        state.withLock { $0.mark(topic) }
    }

    /// Wakes all that wait for the topic, here and on other servers. To be called after the commit.
    package func wake(_ topic: String) {
        wakeHere(topic)
        state.withLock { state in
            state.unsent.insert(topic)
            _ = state.sender?.yield()
        }
    }

    /// Wakes those that wait for the topic on this server.
    package func wakeHere(_ topic: String) {
        let (waiters, hearers) = state.withLock { state in
            state.count(topic)
            return (state.waiters.removeValue(forKey: topic), state.hearers[topic])
        }
        waiters?.values.forEach { $0.resume() }
        hearers?.values.forEach { $0() }
    }

    /// Waits until the topic is woken, the time is over, the task is cancelled or the server is to stop.
    ///
    /// - Parameter since: nil: only what wakes it from now on counts.
    package func wait(for topic: String, since: Mark? = nil, atMost time: Duration) async {
        let since = since ?? mark(topic)
        await cancelWhenGracefulShutdown { await self.waitOrSleep(topic, since, time) }
    }

    /// Calls `body` at every wake-up of the topic, from any thread, as long as the hearing is kept: unlike a waiter, who may be
    /// looking at the tables at that moment, it misses none. `body` must not block.
    package func hear(_ topic: String, _ body: @escaping @Sendable () -> Void) -> Hearing {
        let id = state.withLock { state in
            state.nextID += 1
            let id = state.nextID
            state.hearers[topic, default: [:]][id] = body
            return id
        }
        return Hearing { [weak self] in self?.endHearing(id, of: topic) }
    }

    private func endHearing(_ id: Int64, of topic: String) {
        state.withLock { state in
            state.hearers[topic]?[id] = nil
            if state.hearers[topic]?.isEmpty == true { state.hearers[topic] = nil }
        }
    }

    private func waitOrSleep(_ topic: String, _ since: Mark, _ time: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(for: topic, since) }
            group.addTask { try? await Task.sleep(for: time) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Sends and hears until the server stops, then lets every waiter go.
    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.send() }
            group.addTask { await self.hear() }
            try? await gracefulShutdown()
            group.cancelAll()
        }
        wakeAll()
    }

    private func wait(for topic: String, _ since: Mark) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let cancelled = state.withLock { state in
                    if Task.isCancelled || state.mark(topic) != since { return true }
                    state.waiters[topic, default: [:]][id] = continuation
                    return false
                }
                if cancelled { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.waiters[topic]?.removeValue(forKey: id)
                if state.waiters[topic]?.isEmpty == true { state.waiters[topic] = nil }
                return waiter
            }
            waiter?.resume()
        }
    }

    private func wakeAll() {
        let topics = state.withLock { state in
            for place in state.counts.indices { state.counts[place] &+= 1 }
            return Set(state.waiters.keys).union(state.hearers.keys)
        }
        topics.forEach(wakeHere)
    }

    private func hear() async {
        for await event in database.listen(to: Self.channel) {
            switch event {
            case .connected: wakeAll()
            case .notification("*"): wakeAll()
            case .notification(let topics): topics.split(separator: " ").forEach { wakeHere(String($0)) }
            }
        }
    }

    private func send() async {
        let (signals, sender) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.sender = sender }
        for await _ in signals {
            let topics = state.withLock { state in
                defer { state.unsent = [] }
                return state.unsent
            }
            await notify(topics.sorted())
            try? await Task.sleep(for: Self.pause)
        }
    }

    private func notify(_ topics: [String]) async {
        guard !topics.isEmpty else { return }
        do {
            // A payload must be shorter than 8000 bytes: many topics become the wake-up of all.
            let payload = topics.joined(separator: " ")
            _ = try await database.first(
                .notify, [.text(Self.channel), .text(payload.utf8.count < 7_000 ? payload : "*")])
        } catch {
            logger.debug("a wake-up was not sent", metadata: ["error": "\(error)"])
        }
    }
}

/// Somebody who is called at wake-ups as long as this is kept.
package final class Hearing: Sendable {
    private let ending: @Sendable () -> Void

    fileprivate init(_ ending: @escaping @Sendable () -> Void) {
        self.ending = ending
    }

    deinit { ending() }
}

extension Statement {
    fileprivate static let notify = Statement(name: "server.notify", sql: SQL.query("server.notify"))
}
