package import Core
package import Store

// Members of tenants, for the tenant's administrators and those of the server.
extension Engine {
    /// Makes a user a member, or changes their role. A plain-git tenant comes to be with its first member.
    package func putMember(_ login: String, role: Level, of name: TenantName, by caller: Caller) async throws -> Member
    {
        guard role != .none else { throw Refusal.invalid("role must be read, write or admin.") }
        let tenantID = try await tenantToChange(name, by: caller)
        return try await store.transaction { store, _ in
            // Two who give one user different roles take turns.
            guard let user = try await store.lockUser(login) else {
                throw AccessError.notFound("There is no user \(login).")
            }
            let id = try await made(tenantID, name, by: caller.actor, store)
            let old = try await store.member(tenantID: id, login: user.login)
            guard try await store.putMember(tenantID: id, userID: user.id, role: role) else {
                throw Refusal.conflict("\(user.login) is a service account of another tenant.")
            }
            try await store.record(
                by: caller.actor, tenantID: id, old == nil ? "member.create" : "member.update",
                name.object(of: user.login),
                from: old?.auditFields ?? [:], to: Member(login: user.login, role: role).auditFields)
            return Member(login: user.login, role: role)
        }
    }

    package func removeMember(_ login: String, of name: TenantName, by caller: Caller) async throws {
        guard let tenantID = try await tenantToChange(name, by: caller) else { throw name.notFound }
        try await store.transaction { store, _ in
            guard let old = try await store.deleteMember(tenantID: tenantID, login: login) else {
                throw AccessError.notFound("\(name.name) has no member \(login).")
            }
            try await store.record(
                AuditEntry(
                    by: caller.actor, tenantID: tenantID, "member.delete", name.object(of: old.login),
                    before: old.auditFields))
        }
    }

    package func member(_ login: String, of name: TenantName, for caller: Caller) async throws -> Member {
        let tenantID = try await tenantToRead(name, by: caller)
        guard let member = try await store.member(tenantID: tenantID, login: login) else {
            throw AccessError.notFound("\(name.name) has no member \(login).")
        }
        return member
    }

    package func members(of name: TenantName, for caller: Caller, after login: String, limit: Int) async throws
        -> [Member]
    {
        let tenantID = try await tenantToRead(name, by: caller)
        return try await store.members(tenantID: tenantID, after: login, limit: limit)
    }

    private func tenantToRead(_ name: TenantName, by caller: Caller) async throws -> Int64 {
        let found = try await store.tenantRole(forge: name.forge, name: name.name, of: caller)
        guard let found, found.role >= .read else { throw name.notFound }
        return found.tenantID
    }

    /// nil: there is no such tenant yet, and the caller may make it.
    private func tenantToChange(_ name: TenantName, by caller: Caller) async throws -> Int64? {
        let found = try await store.tenantRole(forge: name.forge, name: name.name, of: caller)
        guard caller.isAdministrator || (found?.role ?? .none) >= .read else { throw name.notFound }
        guard caller.isAdministrator || found?.role == .admin else {
            throw AccessError.forbidden("Only administrators of \(name.name) may change its members.")
        }
        return found?.tenantID
    }

    /// The tenant's id, for its administrators and those of the server.
    func administered(_ name: TenantName, by caller: Caller, to act: String) async throws -> Int64 {
        let found = try await store.tenantRole(forge: name.forge, name: name.name, of: caller)
        guard let found, found.role >= .read else { throw name.notFound }
        guard found.role == .admin else {
            throw AccessError.forbidden("Only administrators of \(name.name) may \(act).")
        }
        return found.tenantID
    }

    /// Only plain git has tenants that come to be here; other forges tell of theirs.
    private func made(_ tenantID: Int64?, _ name: TenantName, by actor: Actor, _ store: Store) async throws -> Int64 {
        if let tenantID { return tenantID }
        guard let forge = forges.named(name.forge), forge.kind == "git" else { throw name.notFound }
        return try await ensureTenant(name.name, ownerID: name.name, on: forge, by: actor, store).id
    }
}

/// How a tenant is named in a URL: `owner`, or `forge:owner`.
package struct TenantName: Sendable, Hashable {
    package var forge: String?
    package var name: String

    /// nil where no tenant could have that name.
    package init?(_ text: String) {
        guard let path = RepoPath(owner: text, name: "x"), !path.owner.contains("/") else { return nil }
        forge = path.forge
        name = path.owner
    }

    var notFound: AccessError { .notFound("There is no tenant \(name), or you may not see it.") }

    /// As in a URL.
    private var path: String { forge.map { "\($0):\(name)" } ?? name }

    fileprivate func object(of login: String) -> String { "\(path) member \(login)" }
}

extension Member {
    fileprivate var auditFields: AuditFields { ["login": .text(login), "role": .text(role.rawValue)] }
}
