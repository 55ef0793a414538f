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
    package func createUser(_ new: NewUser) async throws -> User {
        guard User.isValid(login: new.login) else {
            throw Refusal.invalid(
                "login must be 1 to 100 printable characters, without spaces and / \\ ? # % & : ; , < > ' \" `.")
        }
        try Self.check(email: new.email)
        return try await store.transaction { store, _ in
            let user = try await store.createUser(
                login: new.login, email: new.email, admin: new.admin,
                avatar: new.avatarURL.flatMap { $0.isEmpty ? nil : $0 })
            guard let user else { throw Refusal.conflict("There is a user \(new.login) already.") }
            return user
        }
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
            return changed
        }
    }

    /// Changes a user's own e-mail; the avatar follows.
    package func changeOwnEmail(_ email: String, of caller: Caller) async throws -> User {
        try Self.check(email: email)
        guard caller.user.tenantID == nil else { throw AccessError.forbidden("A service account has no e-mail.") }
        guard let user = try await store.updateUser(id: caller.user.id, UserChange(email: email)) else {
            throw AccessError.unauthenticated
        }
        return user
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
        }
    }

    private func user(_ login: String, _ store: Store) async throws -> User {
        guard let user = try await store.lockUser(login) else { throw Self.noUser(login) }
        return user
    }

    private static func check(email: String) throws {
        guard User.isValid(email: email) else {
            throw Refusal.invalid("email must be an address such as name@example.com, or empty.")
        }
    }

    private static let lastAdministrator = Refusal.conflict("This is the last administrator: make another one first.")

    private static func noUser(_ login: String) -> AccessError { .notFound("There is no user \(login).") }
}
