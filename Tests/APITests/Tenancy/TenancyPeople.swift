import Core
import Foundation
import Postgres
import Sealing
import Store
import TestSupport
import Testing

// People, service accounts and their tokens.
extension TenancyWorld {
    func addPerson(isAdministrator: Bool = false) async throws {
        let marker = dice.marker()
        let login = "person-\(dice.marker().dropFirst(2))"
        let made = try await server.store.createUser(
            login: login, email: "\(marker)@example.com", admin: isAdministrator,
            active: isAdministrator || !dice.once(in: 6))
        let user = try #require(made)
        var account = TenancyModel.Account(
            id: user.id, login: login, marker: marker, isAdministrator: isAdministrator, isActive: user.active)
        for tenant in sorted(model.tenants) where dice.once(in: 2) {
            account.roles[tenant.id] = try await level { try await self.put($0, of: user.id, in: tenant) }
        }
        for repo in sorted(model.repos) where dice.once(in: 8) {
            let level = dice.pick(Level.allCases) ?? .none
            account.permissions[repo.id] = level
            _ = try await run(
                "insert into repo_permissions (repo_id, user_id, level) values ($1, $2, $3::permission_level) returning repo_id",
                [.int(repo.id), .int(user.id), .text(level.rawValue)])
        }
        model.accounts[account.id] = account
    }

    private func level(_ use: (Level) async throws -> Void) async throws -> Level {
        let level = dice.pick([Level.read, .write, .admin]) ?? .read
        try await use(level)
        return level
    }

    private func put(_ role: Level, of user: Int64, in tenant: TenancyModel.Tenant) async throws {
        _ = try await server.store.putMember(tenantID: tenant.id, userID: user, role: role)
    }

    func addServiceAccount(of tenant: TenancyModel.Tenant) async throws {
        let name = "bot-\(dice.marker().dropFirst(10))-\(tenant.marker)"
        let login = tenant.login(ofAccount: name)
        let user = try #require(try await server.store.createServiceAccount(tenantID: tenant.id, login: login))
        var account = TenancyModel.Account(id: user.id, login: login, marker: tenant.marker, tenantID: tenant.id)
        if !dice.once(in: 5) {
            account.roles[tenant.id] = try await level { try await self.put($0, of: user.id, in: tenant) }
        }
        model.accounts[account.id] = account
    }

    /// Of any shape: everything, one level everywhere, named places, or both; some are over.
    func addToken(of account: TenancyModel.Account) async throws {
        let shape = dice.number(1...4)
        var token = TenancyModel.Token(id: 0, text: "", accountID: account.id)
        if shape == 2 { token.level = dice.pick([Level.read, .write]) ?? .read }
        if shape >= 3 {
            token.level = shape == 3 ? .none : .read
            token.scopes = scopes(of: account)
            if token.scopes.isEmpty { token.level = .read }
        }
        let fate = dice.number(1...10)
        let made = Token.generate()
        let listed = try await server.store.createToken(
            userID: account.id,
            NewToken(
                name: "token", level: token.level,
                scopes: token.scopes.map { .init(tenantID: $0.tenantID, repoID: $0.repoID, level: $0.level) },
                expiresAt: fate == 1 ? Date(timeIntervalSinceNow: -1) : nil), hash: made.hash)
        token = TenancyModel.Token(
            id: listed.id, text: made.text, accountID: account.id, level: token.level, scopes: token.scopes,
            isOver: fate == 1)
        model.tokens[token.id] = token
        if fate == 2 {
            _ = try await server.store.deleteToken(userID: account.id, id: token.id)
            model.revoke(token.id)
        }
    }

    private func scopes(of account: TenancyModel.Account) -> [TenancyModel.Scope] {
        var scopes: [String: TenancyModel.Scope] = [:]
        for _ in 1...dice.number(1...4) {
            let level = dice.pick([Level.read, .write, .admin]) ?? .read
            let wholeTenant = dice.once(in: 2)
            guard let repo = dice.pick(model.repos) else { continue }
            guard account.tenantID == nil || account.tenantID == repo.tenantID else { continue }
            let scope = TenancyModel.Scope(
                tenantID: repo.tenantID, repoID: wholeTenant ? nil : repo.id, level: level)
            scopes["\(scope.tenantID) \(scope.repoID ?? 0)"] = scope
        }
        return scopes.keys.sorted().compactMap { scopes[$0] }
    }

    /// Makes up for what the requests took away. False: there was nothing to do.
    func replenish() async throws -> Bool {
        let (accounts, tokens, repos) = (model.accounts.count, model.tokens.count, model.repos.count)
        if model.accounts.values.filter({ $0.tenantID == nil }).count < 10 { try await addPerson() }
        if model.accounts.values.filter({ $0.isAdministrator && $0.isActive }).count < 2 {
            try await addPerson(isAdministrator: true)
        }
        for tenant in sorted(model.tenants) where !model.repos.values.contains(where: { $0.tenantID == tenant.id }) {
            try await addRepo(of: tenant)
            for repo in sorted(model.repos) where repo.tenantID == tenant.id { try await startBuild(of: repo) }
        }
        for account in sorted(model.accounts) {
            let own = model.tokens.values.filter { $0.accountID == account.id && !$0.isOver }
            if own.count < 2 { try await addToken(of: account) }
        }
        return (accounts, tokens, repos) != (model.accounts.count, model.tokens.count, model.repos.count)
    }
}

// What requests do to the model.
extension TenancyModel {
    /// The text stays, as that of a token that is not good.
    mutating func revoke(_ id: Int64) {
        tokens[id]?.isOver = true
        tokens[id]?.isStored = false
    }

    mutating func remove(account id: Int64) {
        for token in tokens.values where token.accountID == id { revoke(token.id) }
        accounts[id] = nil
    }

    mutating func remove(repo id: Int64) {
        guard let repo = repos.removeValue(forKey: id) else { return }
        deleted[id] = repo.tenantID
        secrets[SecretPlace(tenantID: repo.tenantID, repoID: id)] = nil
    }
}
