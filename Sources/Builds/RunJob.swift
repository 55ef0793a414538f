package import AgentProtocol
import Core
import FoundationEssentials
package import LogStream
import Logging
import Postgres
import Queue
package import Store
import Telemetry

/// What an agent sent belongs to an attempt that is over, or does not fit what the server has.
package struct AttemptConflict: Error, Sendable {
    package var stale: Bool
    package var logSize: Int64
    package var message: String

    static func over(_ logSize: Int64 = 0) -> AttemptConflict {
        AttemptConflict(
            stale: true, logSize: logSize, message: "This attempt is over: another has the job, or it has ended.")
    }

    static func logDiffers(_ logSize: Int64) -> AttemptConflict {
        AttemptConflict(
            stale: false, logSize: logSize, message: "The log of the server is not as long as the agent says.")
    }
}

// What an agent says about the attempt it has. Each throws `AttemptConflict` once the attempt is over.
extension Engine {
    /// Renews the lease; the first time, starts the job. Answers whether the job is to be stopped.
    package func heartbeat(attemptID: Int64, token: AgentToken) async throws -> HeartbeatReply {
        let attempt = try await current(attemptID, token)
        guard try await queue.renew(attempt.claim, seconds: settings.lease) else { throw AttemptConflict.over() }
        if attempt.status == .pending { try await start(attempt) }
        return HeartbeatReply(cancel: attempt.cancelRequested)
    }

    private func start(_ attempt: AttemptOfAgent) async throws {
        try await store.transaction { store, _ in
            guard try await store.lockBuild(id: attempt.buildID) != nil else { return }
            // The attempt may have ended since it was read, and the job have been restarted: then the number of the job's
            // latest attempt is still this one's.
            guard try await store.startAttempt(id: attempt.id) else { return }
            _ = try await store.startJob(id: attempt.jobID, attempt: attempt.number)
            _ = try await store.settleBuild(id: attempt.buildID)
        }
        wakeUps.wake(Topic.events)
    }

    /// Stores a segment of the log. What the server has already is acknowledged again; a gap is a conflict.
    package func appendLog(attemptID: Int64, token: AgentToken, _ segment: Segment) async throws {
        do {
            try SegmentCodec.check(segment.data, expectedLength: segment.length, crc32: segment.crc32)
        } catch {
            throw Refusal.invalid("The segment cannot be stored: \(error).")
        }
        if try await append(segment, attemptID, token) {
            #if DEBUG
            if Plant.dropSegment.strikes { try await drop(segment, of: current(attemptID, token)) }
            #endif
            return
        }
        let attempt = try await current(attemptID, token)
        if segment.end <= attempt.logSize { return }
        guard segment.offset < attempt.logSize else {
            throw AttemptConflict(stale: false, logSize: attempt.logSize, message: "The log ends before this segment.")
        }
        let rest = try Array(segment.output().dropFirst(Int(attempt.logSize - segment.offset)))
        let trimmed = Segment(offset: attempt.logSize, step: segment.step, output: rest)
        guard try await append(trimmed, attemptID, token) else {
            throw AttemptConflict(stale: false, logSize: attempt.logSize, message: "The log grew meanwhile.")
        }
    }

    /// Stores a segment at the log's end, and tells those who read along. False: it does not belong there.
    private func append(_ segment: Segment, _ attemptID: Int64, _ token: AgentToken) async throws -> Bool {
        let watched = try await store.appendSegment(attemptID: attemptID, agentToken: token.id, segment)
        if watched != nil { metrics.logBytes.increment(by: Int64(segment.length)) }
        if watched == true { wakeUps.wake(Topic.log(ofAttempt: attemptID)) }
        return watched != nil
    }

    package func updateStep(attemptID: Int64, token: AgentToken, _ update: StepUpdate) async throws {
        let attempt = try await current(attemptID, token)
        guard update.status != .unknown else { throw Refusal.invalid("status is none that a step can have.") }
        try Self.check(exitCode: update.exitCode)
        guard (0...Int(Int32.max)).contains(update.number) else { throw Refusal.invalid("number is none of a step.") }
        for time in [update.startedAt, update.finishedAt].compactMap(\.self) {
            guard (0...253_402_300_799).contains(time.timeIntervalSince1970) else {
                throw Refusal.invalid("startedAt and finishedAt must be seconds since 1970.")
            }
        }
        let known = try await store.updateStep(
            attemptID: attempt.id, number: update.number, status: update.status, exitCode: update.exitCode,
            startedAt: update.startedAt, finishedAt: update.finishedAt)
        guard !known else { return }
        _ = try await current(attemptID, token)
        throw Refusal.invalid("The attempt has no step \(update.number).")
    }

    private static func check(exitCode: Int) throws {
        guard Int32(exactly: exitCode) != nil else { throw Refusal.invalid("exitCode must be an integer of 32 bits.") }
    }

    /// Ends the attempt and the job. Repeating it changes nothing.
    package func finishJob(attemptID: Int64, token: AgentToken, _ end: JobEnd) async throws {
        guard [.success, .failure, .killed, .error].contains(end.status) else {
            throw Refusal.invalid("status must be success, failure, killed or error.")
        }
        try Self.check(exitCode: end.exitCode)
        guard let attempt = try await store.attempt(id: attemptID, agentToken: token.id) else {
            throw AttemptConflict.over()
        }
        if attempt.isLatest, attempt.status == end.status { return }
        guard !attempt.isOver else { throw AttemptConflict.over(attempt.logSize) }
        guard attempt.logSize == end.logSize else {
            throw AttemptConflict.logDiffers(attempt.logSize)
        }
        let isWatched = try await finish(attempt, end)
        jobsEnded()
        if isWatched { wakeUps.wake(Topic.log(ofAttempt: attempt.id)) }
        await mergeLog(of: attempt)
        #if DEBUG
        if Plant.finishTwice.strikes { try await runAgain(attempt) }
        #endif
    }

    /// A log in many pieces is as right as one in few: nobody's end depends on this.
    private func mergeLog(of attempt: AttemptOfAgent) async {
        do {
            try await store.mergeLog(day: attempt.logDay, attemptID: attempt.id, size: attempt.logSize)
        } catch {
            logger.warning("a log was left in pieces", metadata: ["attempt.id": "\(attempt.id)", "error": "\(error)"])
        }
    }

    /// Answers whether somebody reads the log along.
    private func finish(_ attempt: AttemptOfAgent, _ end: JobEnd) async throws -> Bool {
        try await store.transaction { store, session in
            guard try await store.lockBuild(id: attempt.buildID) != nil else { throw AttemptConflict.over() }
            guard try await WorkQueue(session).finish(attempt.claim) else { throw AttemptConflict.over() }
            let isWatched = try await store.finishAttempt(
                id: attempt.id, status: end.status, exitCode: end.exitCode, error: end.error, logSize: end.logSize)
            guard let isWatched else { throw AttemptConflict.logDiffers(attempt.logSize) }
            try await store.closeSteps(attemptID: attempt.id, as: end.status)
            _ = try await store.finishJob(
                id: attempt.jobID, attempt: attempt.number, status: end.status, exitCode: end.exitCode, error: end.error
            )
            _ = try await store.settleBuild(id: attempt.buildID)
            return isWatched
        }
    }

    func current(_ attemptID: Int64, _ token: AgentToken) async throws -> AttemptOfAgent {
        guard let attempt = try await store.attempt(id: attemptID, agentToken: token.id), !attempt.isOver else {
            throw AttemptConflict.over()
        }
        return attempt
    }
}

extension AttemptOfAgent {
    var claim: Claim { Claim(id: jobID, attempt: number) }
}
