package import AgentProtocol
import Core
import Forge
import FoundationEssentials
import LogStream
import Logging
import Pipeline
import Queue
import Sealing
import ServiceLifecycle
package import Store
import Telemetry

extension Engine {
    /// Gives an agent the next job that fits its labels, waiting up to `request.wait` seconds for one. nil: none came.
    package func claimJob(_ request: ClaimRequest, token: AgentToken, address: String) async throws -> ClaimedJob? {
        try Self.check(request)
        guard
            let agentID = try await store.registerAgent(
                tokenID: token.id, name: request.agent, labels: request.labels, slots: request.slots,
                version: request.version, address: address)
        else { throw AccessError.unauthenticated }
        let labels = Variables(sorted: request.labels).json
        let clock = ContinuousClock()
        let end = clock.now + .seconds(request.wait)
        while !Task.isCancelled {
            let mark = wakeUps.mark(Topic.queue)
            if let claim = try await queue.claim(labels: labels, holder: agentID, tenantID: token.tenantID) {
                if let job = try await begin(claim, agentID: agentID) { return job }
                continue
            }
            guard clock.now < end, !Task.isShuttingDownGracefully else { return nil }
            await wakeUps.wait(for: Topic.queue, since: mark, atMost: min(.seconds(2), end - clock.now))
        }
        return nil
    }

    private static func check(_ request: ClaimRequest) throws {
        guard (1...100).contains(request.agent.utf8.count) else {
            throw Refusal.invalid("agent must be a name of 1 to 100 bytes.")
        }
        guard (0...45).contains(request.wait) else { throw Refusal.invalid("wait must be 0 to 45 seconds.") }
        guard (1...1000).contains(request.slots) else { throw Refusal.invalid("slots must be 1 to 1000.") }
        guard request.labels.count <= 50,
            request.labels.allSatisfy({ $0.key.utf8.count <= 100 && $0.value.utf8.count <= 200 })
        else { throw Refusal.invalid("labels must be at most 50, names of 100 bytes and values of 200 bytes at most.") }
    }

    /// Makes the attempt that a claim stands for. nil: the job ended meanwhile, by a cancel or because it cannot be planned.
    private func begin(_ claim: Claim, agentID: Int64) async throws -> ClaimedJob? {
        guard let work = try await store.work(jobID: claim.id) else {
            _ = try await queue.finish(claim)
            return nil
        }
        if work.cancelRequested {
            try await end(claim, work, .killed, "cancelled")
            return nil
        }
        do {
            let planned = try await planned(work)
            let credential = planned.plan.clone.isSkipped ? nil : try await cloneCredential(of: work)
            return try await begin(claim, work, planned, credential, agentID: agentID)
        } catch let error as ConfigurationError {
            try await end(claim, work, .error, ".drone.yml, \(error)")
            return nil
        } catch let error as ForgeError where error.mayPass {
            // The claim ends by itself, soon, and the job waits again; this agent gets another meanwhile.
            logger.warning(
                "a job waits for its forge", metadata: ["job.id": "\(claim.id)", "error": "\(error.detail)"])
            return nil
        } catch let error as ForgeError {
            try await end(claim, work, .error, "the forge refused a credential for the clone: \(error)")
            return nil
        }
    }

    private func cloneCredential(of work: JobWork) async throws -> CloneCredential? {
        // A server that does not know the forge has the job's agent try as it can.
        guard let forge = try? forges.with(id: work.repo.forgeID) else { return nil }
        return try await forge.client.cloneCredential(for: work.repo.path)
    }

    private func begin(
        _ claim: Claim, _ work: JobWork, _ planned: PlannedJob, _ credential: CloneCredential?, agentID: Int64
    ) async throws -> ClaimedJob? {
        let plan = planned.plan
        let token = work.build.fromFork ? nil : Token.generate(prefix: Token.jobPrefix)
        let attemptID: Int64? = try await store.transaction { store, session in
            guard try await store.lockBuild(id: work.buildID) != nil, try await WorkQueue(session).hold(claim) else {
                return nil
            }
            guard try await store.beginAttempt(jobID: claim.id, number: claim.attempt) else { return nil }
            let id = try await store.createAttempt(jobID: claim.id, number: claim.attempt, agentID: agentID)
            if let token { try await store.createToken(attemptID: id, repoID: work.repo.id, hash: token.hash) }
            let clone = (number: 0, name: "clone", image: "")
            try await store.createSteps(attemptID: id, [clone] + plan.steps.map { ($0.number, $0.name, $0.image) })
            return id
        }
        guard let attemptID else {
            _ = try await queue.finish(claim)
            return nil
        }
        metrics.dispatch.observe(-work.build.enqueuedAt.timeIntervalSinceNow)
        let change = work.build.change
        return ClaimedJob(
            attemptID: attemptID, attempt: claim.attempt, repo: work.repo.fullName, build: work.build.number,
            job: work.number, timeout: work.timeout * 60, lease: settings.lease,
            clone: CloneInstruction(
                remote: work.repo.cloneURL, ref: change.ref, commit: change.commit, credential: credential),
            plan: plan.with(token), masks: planned.masks + [token?.text, credential?.password].compactMap(\.self),
            notes: planned.notes)
    }

    private func planned(_ work: JobWork) async throws -> PlannedJob {
        let configuration = try files.configuration(work.config ?? [])
        let secrets = try await secrets(of: work, configuration)
        let page = "\(settings.publicURL)/\(work.repo.path)/builds/\(work.build.number)"
        let context = PlanContext(
            repo: work.repo, build: work.build, job: work.number, buildURL: page, serverURL: settings.publicURL,
            systemVersion: settings.version, isFromFork: work.build.fromFork, secrets: secrets.plan,
            changedPaths: work.changedPaths)
        let (plan, notes) = try configuration.planned(for: work.environment, in: context)
        return PlannedJob(plan: plan, masks: secrets.masks, notes: secrets.notes + notes)
    }

    /// Ends a claimed job that no agent has seen.
    private func end(_ claim: Claim, _ work: JobWork, _ status: Status, _ reason: String) async throws {
        try await store.transaction { store, session in
            guard try await store.lockBuild(id: work.buildID) != nil, try await WorkQueue(session).finish(claim) else {
                return
            }
            guard try await store.beginAttempt(jobID: claim.id, number: claim.attempt) else { return }
            let attempt = try await store.createFinishedAttempt(
                jobID: claim.id, number: claim.attempt, status: status, error: reason)
            try await store.append(Segment.said(reason, at: attempt), toEnded: attempt)
            _ = try await store.finishJob(
                id: claim.id, attempt: claim.attempt, status: status, exitCode: status == .killed ? 137 : 0,
                error: reason)
            _ = try await store.settleBuild(id: work.buildID)
        }
        jobsEnded()
    }
}

/// What an agent is to do, to keep to itself, and to say.
private struct PlannedJob: Sendable, Redacted {
    var plan: JobPlan
    var masks: [String]
    var notes: [String]
}

extension JobPlan {
    /// With the job's own token in each step's environment, as `CI_TOKEN`.
    fileprivate func with(_ token: Token?) -> JobPlan {
        guard let token else { return self }
        var plan = self
        for index in plan.steps.indices { plan.steps[index].environment["CI_TOKEN"] = token.text }
        return plan
    }
}

extension JobWork {
    /// Minutes the job may run.
    fileprivate var timeout: Int { min(repo.timeout, maximumTimeout ?? .max) }
}
