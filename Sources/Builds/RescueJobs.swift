import Core
import LogStream
import Logging
import Postgres
import Queue
import Store

extension Engine {
    /// Takes jobs from agents that were not heard of in time. Answers how many.
    package func rescueJobs() async throws -> Int {
        var rescued = 0
        for claim in try await queue.expired(limit: 100) where try await rescue(claim) {
            rescued += 1
        }
        if rescued > 0 { wakeUps.wake(Topic.queue) }
        return rescued
    }

    private func rescue(_ claim: Claim) async throws -> Bool {
        guard let buildID = try await store.buildID(ofJob: claim.id) else {
            return try await queue.finish(claim)
        }
        let rescued = try await store.transaction { store, session in
            guard try await store.lockBuild(id: buildID) != nil else { return false }
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
        let claim = expired.claim
        let attempt = try await store.giveUpAttempt(jobID: claim.id, number: claim.attempt, reason: Self.lost)
        if let attempt { try await store.closeSteps(attemptID: attempt.id, as: .error) }
        let job = try await store.returnJob(id: claim.id, attempt: claim.attempt)
        if job?.cancelRequested == true {
            try await end(claim, attempt, .killed, "cancelled; \(Self.lost)", store, session)
        } else if expired.started, expired.losses >= settings.lossesAllowed {
            try await end(claim, attempt, .error, "\(Self.lost), \(expired.losses + 1) times", store, session)
        } else {
            _ = try await WorkQueue(session).release(claim, lost: expired.started)
        }
        _ = try await store.settleBuild(id: buildID)
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
