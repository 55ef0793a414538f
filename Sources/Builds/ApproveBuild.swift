import Core
import Queue
package import Store

// A build of a pull request from a fork runs what anybody may have written: somebody with write permission says whether.
extension Engine {
    /// Puts the jobs of a build on the queue that waits for approval. Throws `notFound`, or `conflict` unless it waits.
    package func approveBuild(_ access: Access, number: Int64, by caller: Caller) async throws -> BuildWithJobs {
        let approved = try await store.transaction { store, session in
            let waiting = try await waitingBuild(access, number, store)
            guard let build = try await store.approveBuild(id: waiting.id, by: caller.user.login) else {
                throw waiting.notWaiting
            }
            let jobs = try await store.releaseJobs(buildID: build.id)
            try await enqueue(jobs, of: access.repo, session)
            try await store.makeEvent(buildID: build.id)
            try await record("build.approve", .approved, number, access, caller, store)
            return BuildWithJobs(build: build, jobs: jobs.map(\.job))
        }
        jobsWait()
        return approved
    }

    /// Kills a build that waits for approval; it never runs. Throws as `approveBuild` does.
    package func declineBuild(_ access: Access, number: Int64, by caller: Caller) async throws -> BuildWithJobs {
        try await store.transaction { store, _ in
            let waiting = try await waitingBuild(access, number, store)
            let reason = "declined by \(caller.user.login)"
            guard try await store.declineBuild(id: waiting.id, by: caller.user.login, reason: reason) != nil else {
                throw waiting.notWaiting
            }
            guard let build = try await killJobs(of: waiting, because: reason, store) else { throw waiting.notWaiting }
            try await record("build.decline", .declined, number, access, caller, store)
            return BuildWithJobs(build: build, jobs: try await store.jobs(buildID: build.id))
        }
    }

    /// In a transaction that holds the build, none of whose jobs is on the queue.
    func killJobs(of build: Build, because reason: String, _ store: Store) async throws -> Build? {
        for job in try await store.jobs(buildID: build.id) {
            _ = try await store.killWaitingJob(id: job.id, reason: reason)
        }
        return try await store.settleBuild(id: build.id)
    }

    /// Locked: of many that decide at the same time, one does.
    private func waitingBuild(_ access: Access, _ number: Int64, _ store: Store) async throws -> Build {
        guard let build = try await store.lockBuild(repoID: access.repo.id, number: number)?.build else {
            throw AccessError.notFound("\(access.repo.path) has no build \(number).")
        }
        guard build.approval == .required else { throw build.notWaiting }
        return build
    }

    private func record(
        _ action: String, _ decision: Approval, _ number: Int64, _ access: Access, _ caller: Caller, _ store: Store
    ) async throws {
        try await store.record(
            AuditEntry(
                by: caller.actor, tenantID: access.repo.tenantID, action, "\(access.repo.path)/builds/\(number)",
                before: ["approval": .text(Approval.required.rawValue)], after: ["approval": .text(decision.rawValue)]))
    }
}

extension Build {
    fileprivate var notWaiting: Refusal {
        switch approval {
        case .approved, .declined: .conflict("Build \(number) was \(approval.rawValue) by \(approvalBy).")
        case .none, .required, .unknown: .conflict("Build \(number) does not wait for approval.")
        }
    }

    /// Throws for a build that nobody has let run.
    func requireApproval() throws(Refusal) {
        switch approval {
        case .none, .approved, .unknown: return
        case .required: throw .conflict("Build \(number) waits for approval.")
        case .declined: throw .conflict("Build \(number) was declined by \(approvalBy).")
        }
    }
}
