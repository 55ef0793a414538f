import Core
import LogStream
import Logging
import Postgres
import Queue
package import Store
import Telemetry

extension Engine {
    /// Takes jobs from agents that were not heard of in time. Answers how many.
    ///
    /// None holds up those after it: a build that somebody has locked (a server may be stopped in the middle of a
    /// transaction) and one that the database does not let through are left for the next time.
    package func rescueJobs() async throws -> Int {
        var rescued = 0
        for claim in try await queue.expired(limit: 100) {
            do {
                if try await rescue(claim) { rescued += 1 }
            } catch let error as PostgresError where error.sqlState != nil {
                logger.error("a job was not rescued", metadata: ["job.id": "\(claim.id)", "error": "\(error)"])
            }
        }
        metrics.leasesExpired.increment(by: Int64(rescued))
        if rescued > 0 { jobsWait() }
        return rescued
    }

    private func rescue(_ claim: Claim) async throws -> Bool {
        guard let buildID = try await store.buildID(ofJob: claim.id) else {
            return try await queue.finish(claim)
        }
        let rescued = try await store.transaction { store, session in
            guard try await store.lockBuildIfFree(id: buildID) != nil else { return false }
            guard let expired = try await WorkQueue(session).takeExpired(claim) else { return false }
            try await giveBack(expired, buildID: buildID, store, session)
            return true
        }
        if rescued {
            logger.warning("an agent was lost", metadata: ["job.id": "\(claim.id)", "attempt": "\(claim.attempt)"])
        }
        return rescued
    }

    private func giveBack(_ expired: ExpiredLease, buildID: Int64, _ store: Store, _ session: any Session) async throws
    {
        try await giveBack(
            expired.claim, because: Self.lost, lost: expired.started,
            isLastLoss: expired.started && expired.losses >= settings.lossesAllowed, buildID: buildID, store, session)
    }

    /// In a transaction that holds the build and the claim: ends the attempt, and lets another agent have the job.
    private func giveBack(
        _ claim: Claim, because reason: String, lost: Bool, isLastLoss: Bool, buildID: Int64, _ store: Store,
        _ session: any Session
    ) async throws {
        let attempt = try await store.giveUpAttempt(jobID: claim.id, number: claim.attempt, reason: reason)
        if let attempt { try await store.closeSteps(attemptID: attempt.id, as: .error) }
        let job = try await store.returnJob(id: claim.id, attempt: claim.attempt)
        if job?.cancelRequested == true {
            try await end(claim, attempt, .killed, "cancelled; \(reason)", store, session)
        } else if isLastLoss {
            try await end(claim, attempt, .error, "\(reason), \(settings.lossesAllowed + 1) times", store, session)
        } else {
            _ = try await WorkQueue(session).release(claim, lost: lost)
        }
        _ = try await store.settleBuild(id: buildID)
    }

    /// Takes a job back from an agent that stops. Another runs it again from the start; that does not count as a loss.
    package func handBack(attemptID: Int64, token: AgentToken) async throws {
        let attempt = try await current(attemptID, token)
        try await store.transaction { store, session in
            guard try await store.lockBuild(id: attempt.buildID) != nil,
                try await WorkQueue(session).hold(attempt.claim)
            else { throw AttemptConflict.over(attempt.logSize) }
            try await giveBack(
                attempt.claim, because: "the agent stopped", lost: false, isLastLoss: false, buildID: attempt.buildID,
                store, session)
        }
        jobsWait()
    }

    private static let lost = "the agent was lost"

    private func end(
        _ claim: Claim, _ attempt: EndedAttempt?, _ status: Status, _ reason: String, _ store: Store,
        _ session: any Session
    ) async throws {
        if let attempt { try await store.append(Segment.said(reason, at: attempt), toEnded: attempt) }
        _ = try await WorkQueue(session).finish(claim)
        let finished = try await store.finishJob(
            id: claim.id, attempt: claim.attempt, status: status, exitCode: status == .killed ? 137 : 0, error: reason)
        if finished == nil { _ = try await store.killWaitingJob(id: claim.id, reason: reason) }
    }
}
