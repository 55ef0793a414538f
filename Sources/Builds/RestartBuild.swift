package import Core
import Postgres
import Queue
package import Store

/// A copy of a build under a new number.
package struct Fork: Sendable {
    /// nil: as the original.
    package var event: Event?
    package var deployTo: String?

    package init(event: Event? = nil, deployTo: String? = nil) {
        self.event = event
        self.deployTo = deployTo
    }
}

extension Engine {
    /// Runs a build's jobs again: the same file, the same matrix, new attempts. Earlier attempts and their logs are kept.
    ///
    /// Throws `notFound`, or `conflict` while the build waits or runs.
    package func restartBuild(_ access: Access, number: Int64) async throws -> BuildWithJobs {
        let actor = try access.somebody().actor
        let restarted = try await store.transaction { store, session -> BuildWithJobs in
            guard let (build, configID) = try await store.lockBuild(repoID: access.repo.id, number: number) else {
                throw AccessError.notFound("\(access.repo.path) has no build \(number).")
            }
            try build.requireApproval()
            guard build.status.isFinished else {
                throw Refusal.conflict(
                    "Build \(number) is \(build.status.rawValue); it can be restarted when it has ended.")
            }
            guard configID != nil, build.error.isEmpty else {
                throw Refusal.conflict("Build \(number) has no job to run: \(build.error)")
            }
            try await store.record(
                access.repo.audit(
                    "build.restart", of: "build \(number)", by: actor,
                    before: ["status": .text(build.status.rawValue)], after: ["status": "pending"]))
            return try await restart(build, access.repo, store, session)
        }
        jobsWait()
        return restarted
    }

    private func restart(_ build: Build, _ repo: Repo, _ store: Store, _ session: any Session) async throws
        -> BuildWithJobs
    {
        guard let (build, jobs) = try await store.restartBuild(id: build.id) else {
            throw AccessError.notFound("The build is gone.")
        }
        try await enqueue(jobs, of: repo, session)
        try await store.makeEvent(buildID: build.id)
        return BuildWithJobs(build: build, jobs: jobs.map(\.job))
    }

    /// Makes a new build of the same commit and file, also while the original runs. Who asks for it approves it.
    package func forkBuild(_ access: Access, number: Int64, _ fork: Fork) async throws -> BuildWithJobs {
        let actor = try access.somebody().actor
        let copy = try await store.transaction { store, session -> BuildWithJobs in
            guard let original = try await store.buildSource(repoID: access.repo.id, number: number) else {
                throw AccessError.notFound("\(access.repo.path) has no build \(number).")
            }
            try original.build.requireApproval()
            let source = BuildSource(
                event: fork.event ?? original.build.event, change: original.build.change, config: original.config,
                deployTo: fork.deployTo ?? original.build.deployTo, parent: number,
                fromFork: original.build.fromFork, sealed: original.sealed, changedPaths: original.changedPaths,
                approver: access.caller?.user.login)
            let copy = try await startBuild(source, access.repo, deliveryID: nil, store, session)
            try await store.makeEvent(buildID: copy.build.id)
            try await store.record(
                access.repo.audit(
                    "build.fork", of: "build \(copy.build.number)", by: actor, after: copy.build.auditFields))
            return copy
        }
        jobsWait()
        return copy
    }
}

extension Build {
    fileprivate var auditFields: AuditFields {
        [
            "number": .number(number), "parent": parent.map { .number($0) } ?? .none, "event": .text(event.rawValue),
            "deploy_to": .text(deployTo),
        ]
    }
}
