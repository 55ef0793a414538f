package import Core
import Postgres
import Sealing

/// A repository to activate. Its id is drawn first, because its secrets are bound to it.
package struct NewRepo: Sendable {
    package var id: Int64
    package var tenantID: Int64
    package var forgeID: Int64
    package var forgeRepoID: String
    package var owner: String
    package var name: String
    package var avatarURL: String
    package var linkURL: String
    package var cloneURL: String
    package var defaultBranch: String
    package var isPrivate: Bool
    package var hookSecret: [UInt8]
    package var activatedBy: String

    package init(
        id: Int64, tenantID: Int64, forgeID: Int64, forgeRepoID: String, owner: String, name: String, avatarURL: String,
        linkURL: String, cloneURL: String, defaultBranch: String, isPrivate: Bool, hookSecret: [UInt8],
        activatedBy: String
    ) {
        self.id = id
        self.tenantID = tenantID
        self.forgeID = forgeID
        self.forgeRepoID = forgeRepoID
        self.owner = owner
        self.name = name
        self.avatarURL = avatarURL
        self.linkURL = linkURL
        self.cloneURL = cloneURL
        self.defaultBranch = defaultBranch
        self.isPrivate = isPrivate
        self.hookSecret = hookSecret
        self.activatedBy = activatedBy
    }
}

/// What to change of a repository; nil leaves it as it is.
package struct RepoChange: Sendable {
    package var timeout: Int?
    package var isPrivate: Bool?
    package var trusted: Bool?
    package var allowPullRequests: Bool?
    package var allowPushes: Bool?
    package var allowDeployments: Bool?
    package var allowTags: Bool?
    package var priority: Int?
    /// 0: no limit.
    package var maximumRunning: Int?
    package var cancelPushes: Bool?
    package var cancelPullRequests: Bool?
    package var approval: ApprovalRule?

    package init() {}
}

/// What a delivery is checked with.
package struct HookSecret: Sendable {
    package var repoID: Int64
    package var secret: [UInt8]
}

extension Store {
    package func nextRepoID() async throws -> Int64 {
        guard let row = try await session.first(.nextRepoID, []) else {
            throw AccessError.notFound("No id could be drawn.")
        }
        return try row.decode(at: 0)
    }

    /// Throws a unique violation when the repository is active already.
    package func createRepo(_ new: NewRepo) async throws -> Repo {
        let secret = try keyRing.seal(new.hookSecret, context: SealingContext.hookSecret(repoID: new.id))
        let row = try await session.first(
            .createRepo,
            [
                .int(new.id), .int(new.tenantID), .int(new.forgeID), .text(new.forgeRepoID), .text(new.owner),
                .text(new.name),
                .text(new.avatarURL), .text(new.linkURL), .text(new.cloneURL), .text(new.defaultBranch),
                .bool(new.isPrivate),
                .bytes(secret.bytes), .text(secret.keyID), .text(new.activatedBy),
            ])
        guard let row else { throw AccessError.notFound("There is no such forge.") }
        _ = try await session.execute(.createCounter, [.int(new.id)])
        return try Repo(row: row)
    }

    package func updateRepo(id: Int64, _ change: RepoChange) async throws -> Repo? {
        let parameters: [Parameter] = [
            .int(id), .int(change.timeout), .bool(change.isPrivate), .bool(change.trusted),
            .bool(change.allowPullRequests),
            .bool(change.allowPushes), .bool(change.allowDeployments), .bool(change.allowTags),
            .int(change.priority), .int(change.maximumRunning), .bool(change.cancelPushes),
            .bool(change.cancelPullRequests),
            .text(change.approval?.rawValue),
        ]
        return try await session.first(.updateRepo, parameters).map(Repo.init(row:))
    }

    /// Makes the repository invisible; its rows are erased later. False: it was deleted already.
    package func deleteRepo(id: Int64) async throws -> Bool {
        try await session.execute(.deleteRepo, [.int(id)]) > 0
    }

    /// Locks an active repository until the transaction ends: nobody else changes its settings. nil: it is gone.
    package func lockRepo(id: Int64) async throws -> Repo? {
        try await session.first(.lockRepo, [.int(id)]).map(Repo.init(row:))
    }

    package func repo(id: Int64) async throws -> Repo? {
        try await session.first(.findRepo, [.int(id)]).map(Repo.init(row:))
    }

    /// Repositories the caller may read by membership or permission, as far as the token goes, by owner and name.
    package func repos(of caller: Caller, limit: Int) async throws -> [Repo] {
        try await session.query(.reposOfUser, [.int(caller.token.id), .int(limit)]).map(Repo.init(row:))
    }

    /// Paths and ids of a forge's active repositories with an id above `id`, by id.
    package func repos(onForge forgeID: Int64, after id: Int64, limit: Int) async throws -> [(
        id: Int64, path: RepoPath
    )] {
        try await session.query(.reposOnForge, [.int(forgeID), .int(id), .int(limit)]).map { row in
            var columns = row.columns
            return (try columns.next(), RepoPath(forge: nil, owner: try columns.next(), name: try columns.next()))
        }
    }

    /// nil: no such repository is active.
    package func repoID(forge: String, path: RepoPath) async throws -> Int64? {
        try await session.first(.findForHook, [.text(forge), .text(path.owner), .text(path.name)])?.decode(at: 0)
    }

    /// What deliveries of a repository are checked with. nil: no such repository is active.
    ///
    /// - Parameter forgeRepoID: the forge's own id of it, which is looked for in place of the path, where there is one.
    package func hookSecret(forge: String, path: RepoPath, forgeRepoID: String? = nil) async throws -> HookSecret? {
        let row =
            if let forgeRepoID {
                try await session.first(.findForHookByID, [.text(forge), .text(forgeRepoID)])
            } else {
                try await session.first(.findForHook, [.text(forge), .text(path.owner), .text(path.name)])
            }
        guard let row else { return nil }
        var columns = row.columns
        let id: Int64 = try columns.next()
        let bytes: [UInt8] = try columns.next()
        let sealed = Sealed(keyID: try columns.next(), bytes: bytes)
        return HookSecret(repoID: id, secret: try keyRing.open(sealed, context: SealingContext.hookSecret(repoID: id)))
    }

    /// Puts down what the forge says of a repository now. nil: it is gone, or belongs to another tenant there.
    package func followForge(id: Int64, forgeTenantID: String, _ now: FollowedRepo) async throws -> Repo? {
        let parameters: [Parameter] = [
            .int(id), .text(forgeTenantID), .text(now.owner), .text(now.name), .text(now.avatarURL),
            .text(now.linkURL), .text(now.cloneURL), .text(now.defaultBranch), .bool(now.isPrivate),
        ]
        return try await session.first(.followForge, parameters).map(Repo.init(row:))
    }
}

/// What a forge decides of a repository. Empty text leaves it as it is.
package struct FollowedRepo: Sendable {
    package var owner: String
    package var name: String
    package var avatarURL: String
    package var linkURL: String
    package var cloneURL: String
    package var defaultBranch: String
    package var isPrivate: Bool

    package init(
        owner: String, name: String, avatarURL: String, linkURL: String, cloneURL: String, defaultBranch: String,
        isPrivate: Bool
    ) {
        self.owner = owner
        self.name = name
        self.avatarURL = avatarURL
        self.linkURL = linkURL
        self.cloneURL = cloneURL
        self.defaultBranch = defaultBranch
        self.isPrivate = isPrivate
    }
}

/// What a sealed value is bound to: moved elsewhere, it does not open.
package enum SealingContext {
    package static func hookSecret(repoID: Int64) -> String { "repositories/hook_secret/\(repoID)" }
    package static func secret(id: Int64) -> String { "secrets/value/\(id)" }
    package static func privateKey(id: Int64) -> String { "key_pairs/private_key/\(id)" }
}

extension Repo {
    init(from columns: inout ColumnReader) throws {
        self.init(
            id: try columns.next(), tenantID: try columns.next(), forgeID: try columns.next(),
            forge: try columns.next(),
            owner: try columns.next(), name: try columns.next(), avatarURL: try columns.next(),
            linkURL: try columns.next(),
            cloneURL: try columns.next(), defaultBranch: try columns.next(), timeout: try columns.next(),
            isPrivate: try columns.next(), trusted: try columns.next(),
            allows: Allowed(
                pullRequests: try columns.next(), pushes: try columns.next(), deployments: try columns.next(),
                tags: try columns.next()),
            scheduling: Scheduling(
                priority: try columns.next(), maximumRunning: try columns.next(), cancelsPushes: try columns.next(),
                cancelsPullRequests: try columns.next()),
            approval: ApprovalRule(stored: try columns.next()))
    }

    init(row: Row) throws {
        var columns = row.columns
        try self.init(from: &columns)
    }
}

extension Statement {
    fileprivate static let nextRepoID = Statement(stored: "repos.next_id")
    fileprivate static let createRepo = Statement(stored: "repos.create")
    fileprivate static let createCounter = Statement(stored: "repos.create_counter")
    fileprivate static let updateRepo = Statement(stored: "repos.update")
    fileprivate static let deleteRepo = Statement(stored: "repos.delete")
    fileprivate static let lockRepo = Statement(stored: "repos.lock")
    fileprivate static let findRepo = Statement(stored: "repos.find_by_id")
    fileprivate static let reposOfUser = Statement(stored: "repos.of_user")
    fileprivate static let reposOnForge = Statement(stored: "repos.on_forge")
    fileprivate static let findForHook = Statement(stored: "repos.find_for_hook")
    fileprivate static let findForHookByID = Statement(stored: "repos.find_for_hook_by_id")
    fileprivate static let followForge = Statement(stored: "repos.follow_forge")
}
