package import Core
package import Sealing
package import Store

/// What takes no server, only its database: accounts and tokens at the command line, for the first administrator and for lost
/// access. Everything is written to the audit, as done by `actor`.
package struct Operations: Sendable {
    let store: Store
    let actor: Actor

    package init(store: Store, actor: Actor) {
        self.store = store
        self.actor = actor
    }

    /// Throws `invalid` for a login or e-mail that cannot be one, and `conflict` for a login that somebody has in some case.
    package func createUser(_ new: NewUser) async throws -> User {
        guard User.isValid(login: new.login) else {
            throw Refusal.invalid(
                "login must be 1 to 100 printable characters, without spaces and / \\ ? # % & : ; , < > ' \" `.")
        }
        try Engine.check(email: new.email)
        return try await store.transaction { store, _ in
            let user = try await store.createUser(
                login: new.login, email: new.email, admin: new.admin,
                avatar: new.avatarURL.flatMap { $0.isEmpty ? nil : $0 })
            guard let user else { throw Refusal.conflict("There is a user \(new.login) already.") }
            try await store.record(
                AuditEntry(by: actor, tenantID: nil, "user.create", user.login, after: user.auditFields))
            return user
        }
    }

    /// Makes an account an active administrator, whatever it was before.
    package func promote(_ login: String) async throws -> User {
        try await store.transaction { store, _ in
            guard let old = try await store.lockUser(login) else { throw noUser(login) }
            guard old.tenantID == nil else {
                throw Refusal.conflict("\(old.login) is a service account, which cannot be an administrator.")
            }
            guard let new = try await store.updateUser(id: old.id, UserChange(admin: true, active: true)) else {
                throw noUser(login)
            }
            try await store.record(by: actor, from: old, to: new)
            return new
        }
    }

    /// A token that may do all its user may, and does not expire.
    @discardableResult
    package func createToken(for login: String, name: String, _ token: Token = .generate()) async throws -> Token {
        try await store.transaction { store, _ in
            guard let user = try await store.findUser(login) else { throw noUser(login) }
            let listed = try await store.createToken(
                userID: user.id, NewToken(name: name, madeBy: actor.name), hash: token.hash)
            try await store.record(
                AuditEntry(by: actor, tenantID: user.tenantID, "token.create", user.login, after: listed.auditFields))
            return token
        }
    }

    /// A token for agents of all tenants.
    @discardableResult
    package func createAgentToken(name: String, _ token: Token = .generate(prefix: Token.agentPrefix)) async throws
        -> Token
    {
        try await store.transaction { store, _ in
            let id = try await store.createAgentToken(tenantID: nil, name: name, hash: token.hash)
            try await store.record(
                AuditEntry(
                    by: actor, tenantID: nil, "agent_token.create", name,
                    after: ["id": .number(id), "name": .text(name)]))
            return token
        }
    }

    /// A repository's key pairs, newest first. `action` says in the audit what for: whoever has them opens its secrets.
    package func keyPairs(of path: RepoPath, for action: String) async throws -> [KeyPair] {
        let repo = try await store.repo(named: path)
        let pairs = try await store.keyPairs(repoID: repo.id)
        guard !pairs.isEmpty else { throw AccessError.notFound("\(path) has no key.") }
        try await store.record(repo.audit(action, by: actor, after: ["kids": .list(pairs.map(\.keyID))]))
        return pairs
    }

    private func noUser(_ login: String) -> AccessError { .notFound("There is no user \(login).") }
}

extension Store {
    /// Throws `notFound` where no such repository is active. Opens no secret, and so needs no key ring.
    func repo(named path: RepoPath) async throws -> Repo {
        guard let forge = try await findForge(path.forge), let id = try await repoID(forge: forge.name, path: path),
            let repo = try await repo(id: id)
        else { throw AccessError.notFound("There is no repository \(path).") }
        return repo
    }

    /// Throws `notFound` where there is no such tenant.
    func tenant(named name: TenantName) async throws -> Tenant {
        guard let tenant = try await findTenant(forge: name.forge, name: name.name) else { throw name.notFound }
        return tenant
    }
}

extension Refusal {
    /// What to tell whoever asked.
    package var message: String {
        switch self {
        case .conflict(let message), .invalid(let message), .unavailable(let message): message
        }
    }
}

extension AccessError {
    /// What to tell whoever asked.
    package var message: String {
        switch self {
        case .unauthenticated: "Send a good token: Authorization: Bearer skep_…"
        case .notFound(let message), .forbidden(let message): message
        }
    }
}
