import Builds
import Core
import LogStream
import Logging
import NIOCore
import Postgres
import Store

/// One who reads a job's log along.
struct TailReader: Sendable {
    let engine: Engine
    let tails: Tails
    let scope: RepoScope
    let build: Int64
    let number: Int
    /// The only attempt to be read; nil: the latest, whichever that is.
    let attempt: Int?
    let logger: Logger

    /// Writes the log from a position on, and its end.
    ///
    /// - Parameter job: as it was found when the position was looked at.
    func run(_ job: TailedJob, from position: TailPosition, _ events: inout EventWriter) async throws {
        var position = position
        if let found = job.attempt, found.isOver, attempt != nil || job.status.isFinished {
            if position.attempt != found.number { try await begin(found.number, &position, &events) }
            return try await finish(job, found, &position, &events)
        }
        var access = AccessCheck(engine: engine, scope: scope)
        try await tails.withTail(ofJob: job.id, logger) { tail in
            try await follow(tail, &position, &access, &events)
        }
    }

    private func follow(
        _ tail: JobTail, _ position: inout TailPosition, _ access: inout AccessCheck, _ events: inout EventWriter
    ) async throws {
        while !Task.isCancelled, try await access.stillHolds() {
            let count = tail.bell.count
            switch tail.look(from: position) {
            case .frames(let buffer, let end):
                try await events.write(buffer)
                position.offset = end
            case .behind(let attempt, let limit):
                try await catchUp(attempt, upTo: limit, &position, &access, &events)
            case .moved(let number):
                guard try await move(to: number, &position, &events) else { return }
            case .over(let job):
                return try await events.write(TailFrames.end(job.status, exitCode: job.exitCode, at: position))
            case .gone: return
            case .nothing:
                await tail.bell.wait(beyond: count, until: min(events.heartbeatDue, access.due))
                try await events.beat()
            }
        }
    }

    /// Goes on with a job's next attempt. False: the attempt that was asked for is over, and was written to its end.
    private func move(to number: Int, _ position: inout TailPosition, _ events: inout EventWriter) async throws -> Bool
    {
        if let attempt, attempt != number {
            let job = try await engine.store.tailedJob(scope, build: build, job: self.number, attempt: attempt)
            if let found = job.attempt { try await finish(job, found, &position, &events) }
            return false
        }
        try await begin(number, &position, &events)
        return true
    }

    private func begin(_ number: Int, _ position: inout TailPosition, _ events: inout EventWriter) async throws {
        if position.attempt > 0 { try await events.write(TailFrames.moved(to: number)) }
        position = TailPosition(attempt: number, offset: 0)
    }

    /// Writes what an attempt that is over has left, and the end.
    private func finish(
        _ job: TailedJob, _ found: TailedAttempt, _ position: inout TailPosition, _ events: inout EventWriter
    ) async throws {
        var access = AccessCheck(engine: engine, scope: scope)
        guard try await catchUp(found, upTo: found.size, &position, &access, &events) else { return }
        let (status, exitCode) =
            attempt == nil ? (job.status, job.exitCode) : (found.status, found.exitCode)
        try await events.write(TailFrames.end(status, exitCode: exitCode, at: position))
    }

    /// Reads from the database up to a character's end, a page in memory at a time. False: access was lost on the way.
    @discardableResult
    private func catchUp(
        _ attempt: TailedAttempt, upTo limit: Int64, _ position: inout TailPosition, _ access: inout AccessCheck,
        _ events: inout EventWriter
    ) async throws -> Bool {
        while position.offset < limit {
            try Task.checkCancellation()
            guard try await access.stillHolds() else { return false }
            let offset = position.offset
            let frames = try await tails.catchingUp.pass { try await page(attempt, offset, limit) }
            // Nothing is there any more: the log was erased while it was read.
            guard let end = frames.last?.end else {
                position.offset = limit
                return true
            }
            for frame in frames { try await events.write(frame.buffer) }
            position.offset = end
        }
        return true
    }

    private static let pageLength = 256 << 10

    private func page(_ attempt: TailedAttempt, _ offset: Int64, _ limit: Int64) async throws -> [TailFrame] {
        let segments = try await engine.store.tail(of: attempt, from: offset, before: limit, budget: Self.pageLength)
        let text = try TailWindow.text(of: segments, from: offset, before: limit)
        let isLast = offset + Int64(text.count) >= limit
        return TailFrames.render(text[...], at: offset, attempt: attempt.number, isLast: isLast)
    }
}

/// Whether somebody may still read a repository, looked at again from time to time.
struct AccessCheck {
    let engine: Engine
    let scope: RepoScope
    /// When to look again.
    private(set) var due: ContinuousClock.Instant

    init(engine: Engine, scope: RepoScope) {
        self.engine = engine
        self.scope = scope
        due = .now + engine.settings.heartbeat
    }

    /// While the database does not answer, what was found last holds: nothing new can be read then.
    mutating func stillHolds() async throws -> Bool {
        guard ContinuousClock.now >= due else { return true }
        due = .now + engine.settings.heartbeat
        do {
            _ = try await engine.store.access(scope)
            return true
        } catch is AccessError {
            return false
        } catch let error as PostgresError where error.isUnavailable || error.code == .timeout {
            return true
        }
    }
}
