package import Core
package import Sealing
package import Store

// Accounts that only have tokens. A tenant's administrators make them, and they can be members of that tenant only.
extension Engine {
    package func serviceAccounts(of name: TenantName, after login: String, limit: Int, for caller: Caller) async throws
        -> [(user: User, role: Level)]
    {
        let tenant = try await tenant(name, for: caller).0
        return try await store.serviceAccounts(tenantID: tenant.id, after: login, limit: limit)
    }

    /// The login is the name, `@` and the tenant's, so that no tenant takes a login that another wants.
    package func makeServiceAccount(_ account: String, role: Level, of name: TenantName, by caller: Caller) async throws
        -> User
    {
        let id = try await administered(name, by: caller, to: "change its service accounts")
        guard role != .none else { throw Refusal.invalid("role must be read, write or admin.") }
        guard Self.isValid(accountName: account) else {
            throw Refusal.invalid("name must be 1 to 60 of a to z, 0 to 9, - and _, and begin with a letter or digit.")
        }
        let login = name.login(of: account)
        guard User.isValid(login: login) else {
            throw Refusal.invalid("The login \(login) would be too long: it has 100 characters at most.")
        }
        return try await store.transaction { store, _ in
            guard let user = try await store.createServiceAccount(tenantID: id, login: login) else {
                throw Refusal.conflict("There is an account \(login) already.")
            }
            guard try await store.putMember(tenantID: id, userID: user.id, role: role) else {
                throw Refusal.conflict("\(login) cannot be a member of \(name.name).")
            }
            try await store.record(
                AuditEntry(
                    by: caller.actor, tenantID: id, "service_account.create", login,
                    after: ["login": .text(login), "role": .text(role.rawValue)]))
            return user
        }
    }

    package func deleteServiceAccount(_ account: String, of name: TenantName, by caller: Caller) async throws {
        let id = try await administered(name, by: caller, to: "change its service accounts")
        try await store.transaction { store, _ in
            guard let user = try await store.lockServiceAccount(tenantID: id, login: name.login(of: account)) else {
                throw name.noAccount(account)
            }
            try await store.deleteUser(id: user.id)
            try await store.record(
                AuditEntry(
                    by: caller.actor, tenantID: id, "service_account.delete", user.login,
                    before: ["login": .text(user.login)]))
        }
    }

    package func tokens(
        ofServiceAccount account: String, of name: TenantName, before: Int64, limit: Int, for caller: Caller
    ) async throws -> [AccessToken] {
        let user = try await serviceAccount(account, of: name, by: caller)
        return try await store.tokens(userID: user.id, before: before, limit: limit)
    }

    package func makeToken(
        _ request: TokenRequest, forServiceAccount account: String, of name: TenantName, by caller: Caller,
        _ credentials: Credentials
    ) async throws -> (listed: AccessToken, token: Token) {
        let user = try await serviceAccount(account, of: name, by: caller)
        return try await makeToken(request, for: user, by: caller, credentials)
    }

    package func deleteToken(
        _ token: Int64, ofServiceAccount account: String, of name: TenantName, by caller: Caller
    ) async throws {
        let user = try await serviceAccount(account, of: name, by: caller)
        try await deleteToken(token, of: user, by: caller, mayDeleteOthers: true)
    }

    private func serviceAccount(_ account: String, of name: TenantName, by caller: Caller) async throws -> User {
        let id = try await administered(name, by: caller, to: "use tokens of its service accounts")
        guard let user = try await store.lockServiceAccount(tenantID: id, login: name.login(of: account)) else {
            throw name.noAccount(account)
        }
        return user
    }

    private static func isValid(accountName name: String) -> Bool {
        func isLetterOrDigit(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        return (1...60).contains(name.utf8.count) && name.utf8.first.map(isLetterOrDigit) == true
            && name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
}

extension TenantName {
    /// `deploy@acme`, or `deploy@forge.acme` where the tenant is not on the default forge.
    fileprivate func login(of account: String) -> String {
        "\(account)@\(forge.map { "\($0)." } ?? "")\(name)"
    }

    fileprivate func noAccount(_ account: String) -> AccessError {
        .notFound("\(name) has no service account \(account).")
    }
}
