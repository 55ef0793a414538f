import Core
import Foundation
import Store
import TestSupport
import Testing

/// Requests on tenants, their members and their service accounts.
enum TenancyTenantRoutes {
    static let generators: [String: TenancyGenerator] = [
        "GET /api/tenants": list,
        "GET /api/tenants/{owner}": { world in
            var (ask, tenant) = try world.ask(inTenant: .read, [200])
            let role = world.model.role(ask.sender, tenant)
            ask.after = { _, reply in
                let found = try reply.object()
                try check(
                    found["display_name"] as? String == tenant.marker && found["role"] as? String == role.rawValue)
            }
            return ask
        },
        "PATCH /api/tenants/{owner}": { world in
            var (ask, tenant) = try world.ask(inTenant: .admin, [200], changes: true)
            ask.json = #"{"display_name":"\#(tenant.marker)","defaults":{"timeout":\#(world.dice.number(1...60))}}"#
            guard world.dice.once(in: 3) else { return ask }
            ask.json = #"{"limits":{"repositories":\#(world.dice.number(100...900))}}"#
            if ask.isAllowed, !world.model.isAdministrator(ask.sender) {
                ask.expected = [403]
                ask.touched = []
            }
            return ask
        },
        "GET /api/tenants/{owner}/usage": { world in
            var (ask, tenant) = try world.ask(inTenant: .read, [200])
            ask.query = "?from=2020-01&to=2020-01"
            ask.after = { _, reply in
                try check(try reply.array().first?["builds"] as? Int == Int(tenant.builds))
            }
            return ask
        },
        "GET /api/tenants/{owner}/members": { world in
            var (ask, tenant) = try world.ask(inTenant: .read, [200])
            let members = world.model.members(of: tenant)
            ask.after = { _, reply in
                try check(Set(try reply.array().compactMap { $0["login"] as? String }) == members)
            }
            return ask
        },
        "GET /api/tenants/{owner}/members/{login}": { try $0.ask(inTenant: .read, [200], item: $0.member).0 },
        "PUT /api/tenants/{owner}/members/{login}": putMember,
        "DELETE /api/tenants/{owner}/members/{login}": { world in
            var (ask, tenant) = try world.ask(inTenant: .admin, [204], changes: true, item: world.member)
            let login = ask.values["login"]
            ask.after = { world, _ in
                world.model.account(named: login).map { world.model.accounts[$0]?.roles[tenant.id] = nil }
            }
            return ask
        },
        "GET /api/tenants/{owner}/service-accounts": { world in
            var (ask, tenant) = try world.ask(inTenant: .read, [200])
            let accounts = Set(world.model.accounts.values.filter { $0.tenantID == tenant.id }.map(\.login))
            ask.after = { _, reply in
                try check(Set(try reply.array().compactMap { $0["login"] as? String }) == accounts)
            }
            return ask
        },
        "POST /api/tenants/{owner}/service-accounts": createAccount,
        "DELETE /api/tenants/{owner}/service-accounts/{account}": { world in
            var (ask, tenant) = try world.ask(inTenant: .admin, [204], changes: true, item: world.serviceAccount)
            let login = tenant.login(ofAccount: ask.values["account"] ?? "")
            ask.after = { world, _ in world.model.account(named: login).map { world.model.remove(account: $0) } }
            return ask
        },
        "GET /api/tenants/{owner}/service-accounts/{account}/tokens": { world in
            let (ask, _) = try world.ask(inTenant: .admin, [200], item: world.serviceAccount)
            return ask
        },
        "POST /api/tenants/{owner}/service-accounts/{account}/tokens": { world in
            var (ask, tenant) = try world.ask(inTenant: .admin, [201], changes: true, item: world.serviceAccount)
            let account = world.model.account(named: tenant.login(ofAccount: ask.values["account"] ?? ""))
            world.scopes(&ask, ofAccount: account.flatMap { world.model.accounts[$0] })
            return ask
        },
        "DELETE /api/tenants/{owner}/service-accounts/{account}/tokens/{id}": deleteToken,
    ]

    private static let list: TenancyGenerator = { world in
        let sender = world.sender()
        var ask = TenancyAsk(sender: sender, expected: [world.model.account(sender) == nil ? 401 : 200])
        let seen = Set(world.model.tenants.values.filter { world.model.role(sender, $0) >= .read }.map(\.name))
        ask.after = { _, reply in try check(Set(try reply.array().compactMap { $0["path"] as? String }) == seen) }
        return ask
    }

    /// A service account can be a member of its own tenant only.
    private static let putMember: TenancyGenerator = { world in
        var (ask, tenant) = try world.ask(inTenant: .admin, [200], changes: true, item: world.anybody)
        let role = world.dice.pick([Level.read, .write, .admin]) ?? .read
        ask.json = #"{"role":"\#(role.rawValue)"}"#
        let id = world.model.account(named: ask.values["login"])
        guard let account = id.flatMap({ world.model.accounts[$0] }) else { return ask }
        if ask.isAllowed, account.tenantID.map({ $0 != tenant.id }) == true {
            ask.expected = [409]
            ask.touched = []
        }
        ask.after = { world, _ in world.model.accounts[account.id]?.roles[tenant.id] = role }
        return ask
    }

    private static let createAccount: TenancyGenerator = { world in
        var (ask, tenant) = try world.ask(inTenant: .admin, [201], changes: true)
        let name = "bot-\(world.dice.marker().dropFirst(10))-\(tenant.marker)"
        ask.json = #"{"name":"\#(name)","role":"write"}"#
        ask.after = { world, reply in
            let login = try #require(try reply.object()["login"] as? String)
            try check(login == tenant.login(ofAccount: name))
            let id = try #require(try await world.server.store.findUser(login)?.id)
            world.model.accounts[id] = TenancyModel.Account(
                id: id, login: login, marker: tenant.marker, tenantID: tenant.id, roles: [tenant.id: .write])
        }
        return ask
    }

    /// Of the account, of another account, or nobody's.
    private static let deleteToken: TenancyGenerator = { world in
        var (ask, tenant) = try world.ask(inTenant: .admin, [204], changes: true, item: world.serviceAccount)
        let account = world.model.account(named: tenant.login(ofAccount: ask.values["account"] ?? ""))
        let item = world.token(of: account)
        ask.values["id"] = item.name
        guard ask.isAllowed else { return ask }
        if !item.isThere {
            ask.expected = [404]
            ask.touched = []
            ask.twin = .init(parameter: "id", name: item.name, absent: item.absent)
        }
        ask.after = { world, _ in world.model.revoke(Int64(item.name) ?? 0) }
        return ask
    }
}

extension TenancyModel {
    func members(of tenant: Tenant) -> Set<String> {
        Set(accounts.values.filter { $0.roles[tenant.id] != nil }.map(\.login))
    }

    func account(named login: String?) -> Int64? {
        accounts.values.first { $0.login == login }?.id
    }
}

// What may or may not be where the path says.
extension TenancyWorld {
    func anybody(_ tenant: TenancyModel.Tenant) -> TenancyItem {
        let login = dice.once(in: 10) ? nil : dice.pick(model.accounts)?.login
        return item("login", login, isThere: login != nil)
    }

    func member(_ tenant: TenancyModel.Tenant) -> TenancyItem {
        let members = model.members(of: tenant)
        let login = dice.once(in: 2) ? dice.pick(members.sorted()) : dice.pick(model.accounts)?.login
        return item("login", login, isThere: login.map(members.contains) ?? false)
    }

    /// By the name before the `@`, which says nothing of the tenant it is of.
    func serviceAccount(_ tenant: TenancyModel.Tenant) -> TenancyItem {
        let all = model.accounts.filter { $0.value.tenantID != nil }
        let account = dice.pick(dice.once(in: 2) ? all.filter { $0.value.tenantID == tenant.id } : all)
        let name = account?.login.split(separator: "@").first.map(String.init)
        return item("account", name, isThere: account?.tenantID == tenant.id)
    }

    /// Of the account or of another.
    func token(of account: Int64?) -> TenancyItem {
        let stored = model.tokens.filter { $0.value.isStored }
        let own = stored.filter { $0.value.accountID == account && account != nil }
        let token = dice.once(in: 2) ? dice.pick(own) ?? dice.pick(stored) : dice.pick(stored)
        return item(
            "id", token.map { String($0.id) }, isThere: token?.accountID != nil && token?.accountID == account,
            absent: "9999999")
    }

    private func item(_ parameter: String, _ name: String?, isThere: Bool, absent: String? = nil) -> TenancyItem {
        let name = name ?? dice.absent(like: "somebody-or-other")
        return TenancyItem(
            parameter: parameter, name: name, isThere: isThere, absent: absent ?? dice.absent(like: name))
    }
}
