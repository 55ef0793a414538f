import Core
import Forge
import Logging
import Postgres
import Store

extension Engine {
    /// In a transaction: does here what was done to the repository on its forge.
    ///
    /// A repository that went to another owner is deactivated: its secrets, members and history are the old one's. The new one
    /// activates it again.
    func follow(_ change: RepositoryChange, _ repo: Repo, _ store: Store) async throws -> DeliveryOutcome {
        let reason = "repository \(change.kind.rawValue)"
        let actor = Actor.forge(try forges.with(id: repo.forgeID).name)
        let now = change.repository
        if change.kind != .deleted,
            let new = try await store.followForge(
                id: repo.id, forgeTenantID: now.forgeTenantID, FollowedRepo(now))
        {
            var before = repo.auditFields
            var after = new.auditFields
            before["path"] = .text("\(repo.path)")
            after["path"] = .text("\(new.path)")
            try await store.record(
                by: actor, tenantID: new.tenantID, "repo.update", "\(new.path)", from: before, to: after)
            return .ignored(reason: new.path == repo.path ? reason : "\(reason): it is \(new.path) now")
        }
        guard try await store.deleteRepo(id: repo.id) else { return .ignored(reason: reason) }
        try await store.askToCancelAll(repoID: repo.id)
        var entry = repo.audit("repo.delete", by: actor, before: repo.auditFields)
        entry.after = ["reason": .text(reason)]
        try await store.record(entry)
        return .ignored(reason: "\(reason): it is not active any more")
    }
}

extension FollowedRepo {
    init(_ now: ForgeRepository) {
        self.init(
            owner: now.owner, name: now.name, avatarURL: now.avatarURL, linkURL: now.linkURL, cloneURL: now.cloneURL,
            defaultBranch: now.defaultBranch, isPrivate: now.isPrivate)
    }
}
