package import Core
package import FoundationEssentials
package import Sealing
package import Store

/// What somebody wants a token to be.
package struct TokenRequest: Sendable {
    /// Where the token may be used, and for what.
    package struct Scope: Sendable {
        package enum Place: Sendable {
            case everywhere
            /// As in a URL, such as `octocat`.
            case tenant(String)
            /// As in a URL, such as `octocat/hello-world`.
            case repo(String)
        }

        package var level: Level
        package var place: Place

        package init(level: Level, place: Place) {
            self.level = level
            self.place = place
        }
    }

    package var name: String
    package var scopes: [Scope]
    /// nil: it does not expire.
    package var expiresAt: Date?

    package init(
        name: String, scopes: [Scope] = [Scope(level: .admin, place: .everywhere)], expiresAt: Date? = nil
    ) {
        self.name = name
        self.scopes = scopes
        self.expiresAt = expiresAt
    }
}

extension Engine {
    package func user(_ login: String) async throws -> User {
        guard let user = try await store.findUser(login) else {
            throw AccessError.notFound("There is no user \(login).")
        }
        return user
    }

    /// Makes a token of `user`. Its scopes can only name what the caller may see; they never give what the user has not.
    package func makeToken(
        _ request: TokenRequest, for user: User, by caller: Caller, _ credentials: Credentials
    ) async throws -> (listed: AccessToken, token: Token) {
        guard request.name.unicodeScalars.count <= 100 else {
            throw Refusal.invalid("name must be at most 100 characters.")
        }
        guard (1...50).contains(request.scopes.count) else { throw Refusal.invalid("scopes must be 1 to 50.") }
        if let expiresAt = request.expiresAt, expiresAt <= Date() {
            throw Refusal.invalid("The token must expire in the future.")
        }
        var new = NewToken(
            name: request.name, level: .none, expiresAt: request.expiresAt, madeBy: caller.user.login)
        for (index, scope) in request.scopes.enumerated() {
            try await add(scope, "scopes[\(index)]", to: &new, caller, credentials)
        }
        if let tenantID = user.tenantID, let index = new.scopes.firstIndex(where: { $0.tenantID != tenantID }) {
            throw Refusal.invalid("scopes: \(user.login) is of one tenant, and scope \(index + 1) is of another.")
        }
        let token = Token.generate()
        let listed = try await store.transaction { [new] store, _ in
            let listed = try await store.createToken(userID: user.id, new, hash: token.hash)
            try await store.record(
                AuditEntry(
                    by: caller.actor, tenantID: user.tenantID, "token.create", user.login, after: listed.auditFields))
            return listed
        }
        return (listed, token)
    }

    private func add(
        _ scope: TokenRequest.Scope, _ field: String, to new: inout NewToken, _ caller: Caller,
        _ credentials: Credentials
    ) async throws {
        guard scope.level >= .read else { throw Refusal.invalid("\(field).level must be read, write or admin.") }
        let added: NewToken.Scope
        switch scope.place {
        case .everywhere:
            new.level = max(new.level, scope.level)
            return
        case .tenant(let text):
            guard let name = TenantName(text),
                let found = try await store.tenantRole(forge: name.forge, name: name.name, of: caller),
                found.role >= .read
            else { throw Refusal.invalid("\(field): there is no tenant \(text), or you may not see it.") }
            added = NewToken.Scope(tenantID: found.tenantID, level: scope.level)
        case .repo(let text):
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count >= 2,
                let path = RepoPath(owner: parts.dropLast().joined(separator: "/"), name: parts[parts.count - 1]),
                let found = try await store.tokenScope(
                    RepoScope(credentials: credentials, path: path), level: scope.level)
            else { throw Refusal.invalid("\(field): there is no repository \(text), or you may not see it.") }
            added = found
        }
        if let index = new.scopes.firstIndex(where: { $0.tenantID == added.tenantID && $0.repoID == added.repoID }) {
            new.scopes[index].level = max(new.scopes[index].level, added.level)
        } else {
            new.scopes.append(added)
        }
    }

    /// Ends one token of a user at once, on every server. A lesser token may end itself and no other.
    package func deleteToken(_ id: Int64, of user: User, by caller: Caller) async throws {
        try await deleteToken(id, of: user, by: caller, mayDeleteOthers: caller.token.level == .admin)
    }

    func deleteToken(_ id: Int64, of user: User, by caller: Caller, mayDeleteOthers: Bool) async throws {
        guard id == caller.token.id || mayDeleteOthers else {
            throw AccessError.forbidden("This token's scope is too narrow: it may only delete itself.")
        }
        try await store.transaction { store, _ in
            guard let name = try await store.deleteToken(userID: user.id, id: id) else {
                throw AccessError.notFound("\(user.login) has no token \(id).")
            }
            try await store.record(
                AuditEntry(
                    by: caller.actor, tenantID: user.tenantID, "token.delete", user.login,
                    before: ["id": .number(id), "name": .text(name)]))
        }
    }

    /// Ends all tokens of a user at once, the one that the caller came with too.
    package func deleteTokens(of user: User, by caller: Caller) async throws {
        try await store.transaction { store, _ in
            let count = try await store.deleteTokens(userID: user.id)
            try await store.record(
                AuditEntry(
                    by: caller.actor, tenantID: user.tenantID, "token.delete_all", user.login,
                    before: ["count": .init(count)]))
        }
    }
}

extension AccessToken {
    package var auditFields: AuditFields {
        [
            "id": .number(id), "name": .text(name), "expires_at": .init(expiresAt),
            "scopes": .list(
                (level == .none ? [] : [level.rawValue]) + scopes.map { "\($0.level.rawValue) \($0.path)" }),
        ]
    }
}
