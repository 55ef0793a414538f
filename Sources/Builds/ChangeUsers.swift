package import Core
package import Store

/// A user to make.
package struct NewUser: Sendable {
    package var login: String
    package var email: String
    package var admin: Bool
    package var avatarURL: String?

    package init(login: String, email: String = "", admin: Bool = false, avatarURL: String? = nil) {
        self.login = login
        self.email = email
        self.admin = admin
        self.avatarURL = avatarURL
    }
}

extension Engine {
    /// Throws `invalid` for a login or e-mail that cannot be one, and `conflict` for a login that somebody has in some case.
    package func createUser(_ new: NewUser, by actor: Actor = .system) async throws -> User {
        try await Operations(store: store, actor: actor).createUser(new)
    }

    /// Changes a user for an administrator. Nobody takes their own admin, and one active administrator remains.
    package func changeUser(_ login: String, _ change: UserChange, by caller: Caller) async throws -> User {
        if let email = change.email { try Self.check(email: email) }
        return try await store.transaction { store, _ in
            let administrators = try await store.lockAdministrators()
            let user = try await self.user(login, store)
            let loses = change.admin == false || change.active == false
            guard user.tenantID == nil || (change.admin != true && (change.email ?? "").isEmpty) else {
                throw Refusal.conflict("\(user.login) is a service account: it has no e-mail and is no administrator.")
            }
            guard !(loses && user.id == caller.user.id) else {
                throw AccessError.forbidden("You cannot take your own rights: another administrator can.")
            }
            guard !(loses && administrators == [user.id]) else { throw Self.lastAdministrator }
            guard let changed = try await store.updateUser(id: user.id, change) else { throw Self.noUser(login) }
            try await store.record(by: caller.actor, from: user, to: changed)
            return changed
        }
    }

    /// Changes a user's own e-mail; the avatar follows.
    package func changeOwnEmail(_ email: String, of caller: Caller) async throws -> User {
        try Self.check(email: email)
        guard caller.user.tenantID == nil else { throw AccessError.forbidden("A service account has no e-mail.") }
        return try await store.transaction { store, _ in
            guard let old = try await store.lockUser(caller.user.login),
                let new = try await store.updateUser(id: caller.user.id, UserChange(email: email))
            else { throw AccessError.unauthenticated }
            try await store.record(by: caller.actor, from: old, to: new)
            return new
        }
    }

    /// Deletes a user: tokens stop at once, history keeps the login as text.
    package func deleteUser(_ login: String, by caller: Caller) async throws {
        try await store.transaction { store, _ in
            let administrators = try await store.lockAdministrators()
            let user = try await self.user(login, store)
            guard user.id != caller.user.id else {
                throw AccessError.forbidden("You cannot delete yourself: another administrator can.")
            }
            guard administrators != [user.id] else { throw Self.lastAdministrator }
            try await store.deleteUser(id: user.id)
            try await store.record(
                AuditEntry(
                    by: caller.actor, tenantID: user.tenantID, "user.delete", user.login, before: user.auditFields))
        }
    }

    private func user(_ login: String, _ store: Store) async throws -> User {
        guard let user = try await store.lockUser(login) else { throw Self.noUser(login) }
        return user
    }

    static func check(email: String) throws {
        guard User.isValid(email: email) else {
            throw Refusal.invalid("email must be an address such as name@example.com, or empty.")
        }
    }

    private static let lastAdministrator = Refusal.conflict("This is the last administrator: make another one first.")

    private static func noUser(_ login: String) -> AccessError { .notFound("There is no user \(login).") }
}

extension User {
    var auditFields: AuditFields { ["login": .text(login), "admin": .bool(admin), "active": .bool(active)] }
}

extension Store {
    /// Writes down a change of an account. The e-mail's text is not in it: it is erased with the user, and the audit stays.
    func record(by actor: Actor, from old: User, to new: User) async throws {
        var (before, after) = AuditFields.changes(from: old.auditFields, to: new.auditFields)
        if old.email != new.email { (before["email"], after["email"]) = ("as it was", "changed") }
        guard !after.isEmpty else { return }
        try await record(
            AuditEntry(by: actor, tenantID: new.tenantID, "user.update", new.login, before: before, after: after))
    }
}
