import Core
import Foundation
import Store
import TestSupport
import Testing

/// Requests on one's own account, and those of administrators on all accounts.
enum TenancyAccountRoutes {
    static let generators: [String: TenancyGenerator] = [
        "GET /api/user": { world in
            let sender = world.sender()
            var ask = TenancyAsk(sender: sender, expected: [world.model.account(sender) == nil ? 401 : 200])
            let login = world.model.account(sender)?.0.login
            ask.after = { _, reply in try check(try reply.object()["login"] as? String == login) }
            return ask
        },
        "PATCH /api/user": { world in
            var ask = world.askOfAccount([200])
            guard let (account, _) = world.model.account(ask.sender) else { return ask }
            ask.json = #"{"email":"\#(account.marker)@example.org"}"#
            if ask.isAllowed, account.tenantID != nil { ask.expected = [403] }
            if ask.isAllowed { ask.touched = [.person(account.id)] }
            return ask
        },
        "GET /api/user/repos": repos,
        "GET /api/user/events": { world in
            let sender = world.sender()
            return TenancyAsk(sender: sender, expected: [world.model.account(sender) == nil ? 401 : 200])
        },
        "GET /api/user/tokens": { world in
            var ask = world.askOfAccount([200])
            let account = world.model.account(ask.sender)?.0.id
            let own = world.model.tokens.values.filter { $0.accountID == account && $0.isStored }
            ask.alsoVisible = world.model.markers(ofScopes: own.flatMap(\.scopes))
            let ids = Set(own.map { Int($0.id) })
            ask.after = { _, reply in try check(Set(try reply.array().compactMap { $0["id"] as? Int }) == ids) }
            return ask
        },
        "POST /api/user/tokens": { world in
            var ask = world.askOfAccount([201])
            if ask.isAllowed { world.scopes(&ask, ofAccount: world.model.account(ask.sender)?.0) }
            return ask
        },
        "DELETE /api/user/tokens": { world in
            var ask = world.askOfAccount([204])
            guard ask.isAllowed, let account = world.model.account(ask.sender)?.0 else { return ask }
            ask.touched = [account.owner]
            ask.after = { world, _ in
                for token in world.model.tokens.values where token.accountID == account.id {
                    world.model.revoke(token.id)
                }
            }
            return ask
        },
        "DELETE /api/user/tokens/{id}": deleteToken,
    ]

    private static let repos: TenancyGenerator = { world in
        let sender = world.sender()
        var ask = TenancyAsk(sender: sender, expected: [world.model.account(sender) == nil ? 401 : 200])
        let own = world.model.repos.values.filter { repo in
            guard let account = world.model.account(sender)?.0 else { return false }
            let isMember = repo.isOnDefaultForge && account.roles[repo.tenantID] != nil
            return (isMember || (account.permissions[repo.id] ?? .none) >= .read)
                && world.model.level(sender, repo) >= .read
        }
        let paths = Set(own.map(\.path))
        ask.after = { _, reply in try check(Set(try reply.array().compactMap { $0["path"] as? String }) == paths) }
        return ask
    }

    /// A lesser token may end itself and no other.
    private static let deleteToken: TenancyGenerator = { world in
        let sender = world.sender()
        guard let (account, token) = world.model.account(sender) else {
            return TenancyAsk(sender: sender, values: ["id": "1"], expected: [401])
        }
        let item =
            world.dice.once(in: 6)
            ? TenancyItem(parameter: "id", name: String(token.id), isThere: true, absent: "9999999")
            : world.token(of: account.id)
        var ask = TenancyAsk(sender: sender, values: ["id": item.name], expected: [item.isThere ? 204 : 404])
        if token.level != .admin, item.name != String(token.id) { ask.expected = [403] }
        if ask.isAllowed {
            ask.touched = [account.owner]
        } else {
            ask.twin = .init(parameter: "id", name: item.name, absent: item.absent)
        }
        ask.after = { world, _ in world.model.revoke(Int64(item.name) ?? 0) }
        return ask
    }
}

extension TenancyModel.Account {
    var owner: TenancyOwner { tenantID.map { .tenant($0) } ?? .person(id) }
}

extension TenancyModel {
    /// What the lists of one's own tokens name.
    func markers(ofScopes scopes: [Scope]) -> Set<String> {
        Set(scopes.compactMap { $0.repoID.flatMap { repos[$0]?.marker } })
    }
}

extension TenancyWorld {
    /// A request on the sender's own account.
    func askOfAccount(_ success: Set<Int>) -> TenancyAsk {
        let sender = sender()
        return TenancyAsk(sender: sender, expected: model.refusalOfAccount(sender).map { [$0] } ?? success)
    }

    /// Lets the request make a token of the account with a scope at random: one that the sender may name, or not.
    func scopes(_ ask: inout TenancyAsk, ofAccount account: TenancyModel.Account?) {
        let level = dice.pick([Level.read, .write, .admin]) ?? .read
        let everywhere = dice.once(in: 3)
        guard let account, let repo = repo(for: ask.sender), let tenant = model.tenants[repo.tenantID], !everywhere
        else {
            ask.json = #"{"scopes":[{"level":"\#(level.rawValue)"}]}"#
            if ask.isAllowed, let account { keep(&ask, level, [], account) }
            return
        }
        let ofTenant = dice.once(in: 2)
        let path = ofTenant ? #""tenant":"\#(repo.owner)""# : #""repo":"\#(repo.owner)/\#(repo.name)""#
        ask.json = #"{"scopes":[{"level":"\#(level.rawValue)",\#(path)}]}"#
        guard ask.isAllowed else { return }
        let seen = ofTenant ? model.role(ask.sender, tenant) : model.level(ask.sender, repo)
        if seen < .read {
            let name = ofTenant ? repo.owner : repo.name
            ask.twin = .init(parameter: "json", name: name, absent: dice.absent(like: name))
        }
        guard seen >= .read, account.tenantID == nil || account.tenantID == repo.tenantID else {
            ask.expected = [400]
            ask.touched = []
            return
        }
        keep(&ask, .none, [.init(tenantID: repo.tenantID, repoID: ofTenant ? nil : repo.id, level: level)], account)
    }

    private func keep(
        _ ask: inout TenancyAsk, _ level: Level, _ scopes: [TenancyModel.Scope], _ account: TenancyModel.Account
    ) {
        ask.touched = [account.owner]
        ask.alsoVisible = model.markers(ofScopes: scopes)
        ask.after = { world, reply in
            let made = try reply.object()
            let id = Int64(try #require(made["id"] as? Int))
            world.model.tokens[id] = TenancyModel.Token(
                id: id, text: try #require(made["token"] as? String), accountID: account.id, level: level,
                scopes: scopes)
        }
    }
}
