import Builds
import Core
import Logging
import NIOCore
import Store
import Synchronization

/// An event of a build, rendered but for its id.
struct FeedEvent: Sendable {
    var repoID: Int64
    var number: Int64
    var buffer: ByteBuffer
}

/// Events that were committed between two looks.
struct FeedBatch: Sendable {
    var sequence: UInt64
    var events: [FeedEvent]
    /// What the events up to these were seen in.
    var snapshot: EventSnapshot
}

/// The newest events of all repositories, read once on this server for all who follow any, as long as somebody does.
///
/// Keeps some thousand of them. Who is behind that reads from the database by itself until it has caught up.
final class EventFeed: Sendable {
    enum Look {
        case batches([FeedBatch])
        /// Some that come before are only in the database.
        case behind
        case nothing
    }

    fileprivate struct State {
        var readers = 0
        var task: Task<Void, Never>?
        /// nil: nothing was read yet.
        var snapshot: EventSnapshot?
        var sequence: UInt64 = 0
        var batches: [FeedBatch] = []
        var size = 0
        /// Batches up to this one are not kept.
        var forgotten: UInt64 = 0
    }

    /// Between two looks, so that they are not as many as the events.
    private static let rest = Duration.milliseconds(20)
    private static let mostAtOnce = 5_000
    private static let mostKept = 10_000

    let bell = Bell()
    private let engine: Engine
    private let state = Mutex(State())

    init(engine: Engine) {
        self.engine = engine
    }

    /// Gives `body` the number of the last batch that was there when following began.
    func follow(_ logger: Logger, _ body: (UInt64) async throws -> Void) async throws {
        join(logger)
        defer { leave() }
        try await body(try await standing())
    }

    func look(after sequence: UInt64) -> Look {
        state.withLock { state in
            if sequence < state.forgotten { return .behind }
            guard sequence < state.sequence else { return .nothing }
            return .batches(state.batches.filter { $0.sequence > sequence })
        }
    }

    /// The number of the last batch.
    var sequence: UInt64 { state.withLock(\.sequence) }

    /// Waits for the first look. What is committed later is then in a later batch.
    private func standing() async throws -> UInt64 {
        while true {
            try Task.checkCancellation()
            let count = bell.count
            if let sequence = state.withLock({ $0.snapshot == nil ? nil : $0.sequence }) { return sequence }
            await bell.wait(beyond: count, until: .now + engine.settings.heartbeat)
        }
    }

    private func join(_ logger: Logger) {
        state.withLock { state in
            state.readers += 1
            guard state.task == nil else { return }
            state.task = Task { await self.run(logger) }
        }
    }

    private func leave() {
        state.withLock { state in
            state.readers -= 1
            guard state.readers == 0 else { return }
            state.task?.cancel()
            state.task = nil
            state.snapshot = nil
            state.batches = []
            state.size = 0
            state.forgotten = state.sequence
        }
    }

    private func run(_ logger: Logger) async {
        let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let hearing = engine.whenBuildsChange { signal.yield() }
        await bell.attend(signals, signal) {
            await self.readSafely(logger)
            try? await Task.sleep(for: Self.rest)
        }
        withExtendedLifetime(hearing) {}
    }

    private func readSafely(_ logger: Logger) async {
        do {
            let snapshot = state.withLock(\.snapshot)
            let (events, next) = try await engine.store.events(since: snapshot, limit: Self.mostAtOnce + 1)
            guard !Task.isCancelled else { return }
            if state.withLock({ $0.take(events.map(FeedEvent.init), next, keeping: Self.mostKept) }) { bell.ring() }
        } catch {
            logger.debug("events could not be read", metadata: ["error": "\(error)"])
        }
    }
}

extension EventFeed.State {
    /// Answers whether there is something new. More than can be taken at once is left to the readers.
    fileprivate mutating func take(_ events: [FeedEvent], _ next: EventSnapshot, keeping most: Int) -> Bool {
        let isFirst = snapshot == nil
        snapshot = next
        guard !events.isEmpty else { return isFirst }
        sequence += 1
        if events.count > most / 2 {
            batches = []
            size = 0
            forgotten = sequence
            return true
        }
        batches.append(FeedBatch(sequence: sequence, events: events, snapshot: next))
        size += events.count
        while size > most {
            let oldest = batches.removeFirst()
            size -= oldest.events.count
            forgotten = oldest.sequence
        }
        return true
    }
}

extension FeedEvent {
    init(_ event: BuildEvent) {
        var json = JSONWriter(capacity: 256 + event.jobs.count * 36)
        json.object { json in
            json.field("repo", event.path.description)
            json.field("number", event.build)
            json.field("status", event.status.rawValue)
            json.field("event", event.event.rawValue)
            json.field("branch", event.branch)
            json.field("commit", event.commit)
            json.field("jobs") { json in
                json.array(event.jobs.enumerated()) { json, job in
                    json.object { json in
                        json.field("number", job.offset + 1)
                        json.field("status", job.element.rawValue)
                    }
                }
            }
            json.field("at", event.at)
            json.field("sequence", event.number)
        }
        var buffer = ByteBuffer(staticString: "event: build\ndata: ")
        buffer.writeImmutableBuffer(json.buffer)
        buffer.writeInteger(UInt8(ascii: "\n"))
        self.init(repoID: event.repoID, number: event.number, buffer: buffer)
    }
}

extension EventWriter {
    /// An event, or none, and what a reader that comes back then has seen.
    mutating func write(_ events: some Collection<FeedEvent>, id: String?) async throws {
        var buffer = ByteBuffer()
        for (index, event) in events.enumerated() {
            buffer.writeImmutableBuffer(event.buffer)
            if let id, index == events.count - 1 { buffer.writeString("id: \(id)\n") }
            buffer.writeInteger(UInt8(ascii: "\n"))
        }
        if buffer.readableBytes > 0 { try await write(buffer) }
    }

    /// Tells that something was missed, or may be: what the client knows is to be loaded anew.
    mutating func reset(id: String) async throws {
        try await write(ByteBuffer(string: "id: \(id)\nevent: reset\ndata: {}\n\n"))
    }
}
