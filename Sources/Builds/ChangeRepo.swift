package import Core
import Queue
package import Store

extension Engine {
    /// Changes a repository's settings. What only administrators may set can be sent back as it is by everybody who may write.
    package func changeRepo(_ access: Access, _ change: RepoChange) async throws -> Repo {
        try access.require(.write, to: "change it")
        try check(change, access)
        try checkApproval(change, access)
        try await checkLimit(change, access.repo)
        let actor = try access.somebody().actor
        let repo = try await store.transaction { store, _ in
            guard let old = try await store.lockRepo(id: access.repo.id),
                let new = try await store.updateRepo(id: old.id, change)
            else { throw AccessError.notFound("There is no repository \(access.repo.path), or you may not see it.") }
            try await store.record(
                by: actor, tenantID: new.tenantID, "repo.update", "\(new.path)", from: old.auditFields,
                to: new.auditFields)
            return new
        }
        if repo.scheduling.maximumRunning != access.repo.scheduling.maximumRunning {
            try await recount(tenantID: repo.tenantID)
        }
        return repo
    }

    /// After a limit of running jobs has changed.
    func recount(tenantID: Int64) async throws {
        try await queue.holdReady(tenantID: tenantID)
        jobsEnded()
    }

    private func checkLimit(_ change: RepoChange, _ repo: Repo) async throws {
        guard let timeout = change.timeout, timeout != repo.timeout,
            let limit = try await store.tenant(id: repo.tenantID)?.maximumTimeout, timeout > limit
        else { return }
        throw Refusal.conflict("Jobs of this tenant may run \(limit) minutes at most.")
    }

    private func check(_ change: RepoChange, _ access: Access) throws {
        let repo = access.repo
        let isServerAdmin = access.caller?.isAdministrator == true
        if let timeout = change.timeout {
            guard Repo.timeouts.contains(timeout) else { throw Refusal.invalid("timeout must be 1 to 1440 minutes.") }
            guard timeout == repo.timeout || isServerAdmin else { throw Self.onlyServerAdmins("timeout") }
        }
        if let trusted = change.trusted, trusted != repo.trusted, !isServerAdmin {
            throw Self.onlyServerAdmins("trusted")
        }
        if let priority = change.priority, priority != repo.scheduling.priority {
            guard Scheduling.priorities.contains(priority) else {
                throw Refusal.invalid("priority must be -10 to 10.")
            }
            guard isServerAdmin else { throw Self.onlyServerAdmins("priority") }
        }
        if let most = change.maximumRunning, most != repo.scheduling.maximumRunning ?? 0 {
            guard (0...100_000).contains(most) else {
                throw Refusal.invalid("max_running must be 0 (no limit) to 100000.")
            }
            try access.require(.admin, to: "change max_running")
        }
        if let isPrivate = change.isPrivate, isPrivate != repo.isPrivate {
            try access.require(.admin, to: "change private")
            guard try forges.with(id: repo.forgeID).kind == "git" else {
                throw Refusal.conflict("private follows the forge: change it there.")
            }
        }
    }

    private func checkApproval(_ change: RepoChange, _ access: Access) throws {
        guard let rule = change.approval, rule != access.repo.approval else { return }
        guard rule != .unknown else {
            throw Refusal.invalid("approval must be none, forks or pull_requests.")
        }
        try access.require(.admin, to: "change approval")
    }

    private static func onlyServerAdmins(_ field: String) -> AccessError {
        .forbidden("Only administrators of the server may change \(field).")
    }
}
