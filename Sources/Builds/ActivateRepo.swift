package import Core
import Forge
import Logging
import Postgres
import Sealing
package import Store

extension Engine {
    /// Activates a repository: it gets an id, a key pair and a hook on its forge, and starts at build 1.
    ///
    /// Throws `notFound` when the forge shows the caller no such repository, `forbidden` to those who do not administer it, and
    /// `conflict` when it is active.
    package func activateRepo(_ path: RepoPath, by caller: Caller) async throws -> Repo {
        guard let forge = forges.named(path.forge) else { throw notOnForge(path) }
        let role = try await store.tenantRole(forge: path.forge, name: path.tenant, of: caller)?.role ?? .none
        guard caller.isAdministrator || role >= .read else { throw notOnForge(path) }
        guard let found = try await ask(forge, { try await $0.repository(at: path) }) else { throw notOnForge(path) }
        guard caller.isAdministrator || role == .admin else {
            throw AccessError.forbidden("Only administrators of \(path.tenant) may activate \(path).")
        }
        let secret = randomBytes(32).hex
        let refs = try await ask(forge) { try await $0.references(in: path) }
        let pair = try await KeyPair.generated()
        let repo = try await conflict("\(path) is active already.") {
            try await store.transaction { store, _ in
                try await create(found, on: forge, secret: secret, pair: pair, refs: refs, by: caller, store)
            }
        }
        return try await installHook(repo, secret: secret, forge, by: caller)
    }

    private func create(
        _ found: ForgeRepository, on forge: Forges.Entry, secret: String, pair: KeyPair, refs: [String: String],
        by caller: Caller, _ store: Store
    ) async throws -> Repo {
        let top = String(found.owner.split(separator: "/")[0])
        let tenant = try await ensureTenant(top, ownerID: found.forgeTenantID, on: forge, by: caller.actor, store)
        try await requireRoom(tenant.id, store)
        let repo = try await store.createRepo(
            NewRepo(
                id: try await store.nextRepoID(), tenantID: tenant.id, forgeID: forge.id,
                forgeRepoID: found.forgeRepoID,
                owner: found.owner, name: found.name, avatarURL: found.avatarURL, linkURL: found.linkURL,
                cloneURL: found.cloneURL, defaultBranch: found.defaultBranch, isPrivate: found.isPrivate,
                hookSecret: Array(secret.utf8), activatedBy: caller.user.login))
        try await store.createKeyPair(repoID: repo.id, pair)
        if forge.kind == "git" {
            try await store.setRefs(repoID: repo.id, refs.mapValues { $0 })
        }
        try await store.record(repo.audit("repo.activate", by: caller.actor, after: repo.auditFields))
        return repo
    }

    /// A repository without a hook would look active and never build: then it is taken back.
    private func installHook(_ repo: Repo, secret: String, _ forge: Forges.Entry, by caller: Caller) async throws
        -> Repo
    {
        do {
            let target = HookTarget(path: repo.path, url: forge.hookURL(settings.publicURL), secret: secret)
            try await ask(forge) { try await $0.installHook(target) }
            return repo
        } catch {
            try await store.transaction { store, _ in
                guard try await store.deleteRepo(id: repo.id) else { return }
                try await store.undoClaim()
                try await store.record(
                    repo.audit("repo.delete", by: caller.actor, after: ["reason": "The hook could not be installed."]))
            }
            throw error
        }
    }

    /// Makes the repository invisible at once: its jobs are stopped, its hook is removed, its rows are erased later.
    package func deleteRepo(_ access: Access) async throws {
        let repo = access.repo
        let actor = try access.somebody().actor
        try await store.transaction { store, _ in
            guard try await store.deleteRepo(id: repo.id) else {
                throw AccessError.notFound("There is no repository \(repo.path), or you may not see it.")
            }
            try await store.askToCancelAll(repoID: repo.id)
            try await store.record(repo.audit("repo.delete", by: actor, before: repo.auditFields))
        }
        do {
            try await forges.with(id: repo.forgeID).client.removeHook(at: repo.path)
        } catch {
            logger.warning("a hook was left behind", metadata: ["repo.id": "\(repo.id)", "error": "\(error)"])
        }
    }

    private func notOnForge(_ path: RepoPath) -> AccessError {
        .notFound("There is no repository \(path), or you may not see it.")
    }

    /// What a forge refuses is said as it is; one that is down makes the request one to repeat.
    private func ask<T: Sendable>(
        _ forge: Forges.Entry, _ question: (any ForgeClient) async throws -> T
    ) async throws -> T {
        do {
            return try await question(forge.client)
        } catch let error as ForgeError {
            logger.warning(
                "the forge failed", metadata: ["forge": "\(forge.name)", "error": "\(error) \(error.detail)"])
            if error.mayPass { throw Refusal.unavailable("The forge \(forge.name) could not be asked: \(error).") }
            throw Refusal.conflict("The forge \(forge.name) refused: \(error).")
        }
    }
}

extension Engine {
    /// Turns a unique violation into a conflict with this message.
    func conflict<T: Sendable>(_ message: String, _ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as PostgresError where error.isUniqueViolation() {
            throw Refusal.conflict(message)
        }
    }
}

extension Repo {
    /// An entry about the repository, or about `part` of it, such as a build.
    func audit(
        _ action: String, of part: String = "", by actor: Actor, before: AuditFields? = nil, after: AuditFields? = nil
    ) -> AuditEntry {
        AuditEntry(
            by: actor, tenantID: tenantID, action, part.isEmpty ? "\(path)" : "\(path) \(part)", before: before,
            after: after)
    }

    var auditFields: AuditFields {
        [
            "timeout": .init(timeout), "private": .bool(isPrivate), "trusted": .bool(trusted),
            "allow_pr": .bool(allows.pullRequests), "allow_push": .bool(allows.pushes),
            "allow_deploys": .bool(allows.deployments), "allow_tags": .bool(allows.tags),
            "priority": .init(scheduling.priority), "max_running": .init(scheduling.maximumRunning),
            "cancel_pushes": .bool(scheduling.cancelsPushes), "cancel_pulls": .bool(scheduling.cancelsPullRequests),
            "approval": .text(approval.rawValue),
        ]
    }
}

extension RepoPath {
    /// The name of the tenant that owns the repository.
    package var tenant: String { String(owner.split(separator: "/", maxSplits: 1)[0]) }
}
