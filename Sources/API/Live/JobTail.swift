import Builds
import Core
import LogStream
import Logging
import NIOCore
import Store
import Synchronization

/// The newest part of one job's log, read once on this server for all who read it along.
///
/// Keeps about a MiB of rendered events. Who is behind that reads from the database by itself until it has caught up.
final class JobTail: Sendable {
    /// What there is for somebody at a position.
    enum Look {
        case frames(ByteBuffer, end: Int64)
        /// What lies before `upTo` is only in the database.
        case behind(TailedAttempt, upTo: Int64)
        /// The job has another attempt now.
        case moved(to: Int)
        /// All was seen, and the job has ended.
        case over(TailedJob)
        case nothing
        /// The job is not there any more.
        case gone
    }

    fileprivate struct State {
        var job: TailedJob?
        var isGone = false
        var window = TailWindow()
        /// Kept for as long as it is to be heard.
        var hearing: (any Sendable)?
        var watchDue = ContinuousClock.now
    }

    private static let watch = Duration.seconds(30)
    /// Bytes of text read at once.
    private static let budget = 512 << 10
    /// Bytes written at once to one reader.
    private static let write = 256 << 10

    let bell = Bell()
    private let jobID: Int64
    private let engine: Engine
    private let logger: Logger
    private let state = Mutex(State())

    init(jobID: Int64, engine: Engine, logger: Logger) {
        self.jobID = jobID
        self.engine = engine
        self.logger = logger
    }

    func look(from position: TailPosition) -> Look {
        state.withLock { state in
            if state.isGone { return .gone }
            guard let job = state.job else { return .nothing }
            guard let attempt = job.attempt else { return job.status.isFinished ? .over(job) : .nothing }
            if position.attempt != attempt.number { return .moved(to: attempt.number) }
            if let limit = state.window.gap(from: position.offset) { return .behind(attempt, upTo: limit) }
            if let (buffer, end) = state.window.frames(from: position.offset, atMost: Self.write) {
                return .frames(buffer, end: end)
            }
            return job.status.isFinished && state.window.isComplete ? .over(job) : .nothing
        }
    }

    /// Reads along until the task is cancelled.
    func run() async {
        let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await bell.attend(signals, signal) {
            while !Task.isCancelled, await self.readSafely(signal) {}
        }
        state.withLock { $0.hearing = nil }
    }

    /// Answers whether there may be more to read at once.
    private func readSafely(_ signal: AsyncStream<Void>.Continuation) async -> Bool {
        do {
            return try await read(signal)
        } catch {
            logger.debug("a log could not be read along", metadata: ["job.id": "\(jobID)", "error": "\(error)"])
            return false
        }
    }

    private func read(_ signal: AsyncStream<Void>.Continuation) async throws -> Bool {
        let (number, offset) = state.withLock { ($0.job?.attempt?.number ?? 0, $0.window.readEnd) }
        let found = try await engine.store.follow(jobID: jobID, attempt: number, from: offset, budget: Self.budget)
        guard let (job, segments) = found else {
            state.withLock { $0.isGone = true }
            bell.ring()
            return false
        }
        let isSame = job.attempt?.number == number
        let text = try job.attempt.map { attempt in
            try TailWindow.text(of: segments, from: isSame ? offset : TailWindow.beginning(of: attempt))
        }
        if state.withLock({ $0.take(job, text ?? [], isSame: isSame) }) { bell.ring() }
        let isMore = !(text ?? []).isEmpty && !isRead
        guard let attempt = job.attempt, !attempt.isOver else { return isMore }
        return try await watch(attempt, isNew: attempt.number != number, signal) || isMore
    }

    private var isRead: Bool {
        state.withLock { $0.window.readEnd >= ($0.job?.attempt?.size ?? 0) }
    }

    /// Has other servers tell of new segments. Answers whether that began only now: what came just before was not told of.
    private func watch(
        _ attempt: TailedAttempt, isNew: Bool, _ signal: AsyncStream<Void>.Continuation
    ) async throws -> Bool {
        if isNew {
            let hearing = engine.whenLogGrows(attemptID: attempt.id) { signal.yield() }
            state.withLock { state in
                state.hearing = hearing
                state.watchDue = .now
            }
        }
        guard state.withLock({ $0.watchDue <= .now }) else { return false }
        try await engine.store.watch(attemptID: attempt.id, seconds: Int(Self.watch.components.seconds))
        state.withLock { $0.watchDue = .now + Self.watch / 3 }
        return isNew
    }
}

extension JobTail.State {
    /// Answers whether there is something new for readers.
    fileprivate mutating func take(_ found: TailedJob, _ text: [UInt8], isSame: Bool) -> Bool {
        let before: (Status?, Status?, Int64) = (job?.status, job?.attempt?.status, window.end)
        job = found
        guard let attempt = found.attempt else { return before.0 != found.status }
        if isSame { window.read(text, of: attempt) } else { window = TailWindow(attempt, text: text) }
        let after: (Status?, Status?, Int64) = (found.status, attempt.status, window.end)
        return !isSame || before != after
    }
}
