import Core
import Foundation
import Store
import TestSupport
import Testing

/// Requests of administrators on all accounts.
enum TenancyAdministrationRoutes {
    static let generators: [String: TenancyGenerator] = [
        "GET /api/users": { world in
            var ask = world.askOfAdministration([200])
            ask.query = "?all=true"
            let logins = Set(world.model.accounts.values.map(\.login) + ["root"])
            ask.after = { _, reply in
                try check(Set(try reply.array().compactMap { $0["login"] as? String }) == logins)
            }
            return ask
        },
        "POST /api/users": { world in
            var ask = world.askOfAdministration([201])
            let login = "person-\(world.dice.marker())"
            ask.json = #"{"login":"\#(login)"}"#
            world.keep(login, &ask)
            return ask
        },
        "POST /api/users/{login}": { world in
            var ask = world.askOfAdministration([201])
            let login = "person-\(world.dice.marker())"
            ask.values["login"] = login
            world.keep(login, &ask)
            return ask
        },
        "GET /api/users/{login}": { world in
            var ask = world.askOfAdministration([200])
            _ = world.name(&ask)
            return ask
        },
        "PATCH /api/users/{login}": { world in
            var ask = world.askOfAdministration([200])
            guard let account = world.name(&ask) else { return ask }
            let isActive = !world.dice.once(in: 3)
            ask.json = #"{"active":\#(isActive)}"#
            guard ask.isAllowed else { return ask }
            if !isActive, account.id == world.model.account(ask.sender)?.0.id { ask.expected = [403] }
            if ask.isAllowed { ask.touched = [account.owner] }
            ask.after = { world, _ in world.model.accounts[account.id]?.isActive = isActive }
            return ask
        },
        "DELETE /api/users/{login}": { world in
            var ask = world.askOfAdministration([204])
            guard let account = world.name(&ask), ask.isAllowed else { return ask }
            if account.id == world.model.account(ask.sender)?.0.id { ask.expected = [403] }
            if ask.isAllowed {
                ask.touched = [account.owner]
                ask.touched.formUnion(account.roles.keys.map { .tenant($0) })
                ask.touched.formUnion(account.permissions.keys.map { .tenant(world.tenant(ofRepo: $0)) })
            }
            ask.after = { world, _ in world.model.remove(account: account.id) }
            return ask
        },
        "POST /api/users/{login}/tokens": { world in
            var ask = world.askOfAdministration([201])
            let account = world.name(&ask)
            if ask.isAllowed { world.scopes(&ask, ofAccount: account) }
            return ask
        },
    ]
}

extension TenancyWorld {
    func askOfAdministration(_ success: Set<Int>) -> TenancyAsk {
        let sender = sender()
        return TenancyAsk(sender: sender, expected: model.refusalOfAdministration(sender).map { [$0] } ?? success)
    }

    /// Somebody, or nobody. Those who may not ask learn nothing of who is there.
    fileprivate func name(_ ask: inout TenancyAsk) -> TenancyModel.Account? {
        let account = dice.once(in: 8) ? nil : dice.pick(model.accounts)
        let login = account?.login ?? dice.absent(like: "somebody-or-other")
        ask.values["login"] = login
        if ask.isAllowed {
            if account == nil { ask.expected = [404] }
        } else {
            ask.twin = .init(parameter: "login", name: login, absent: dice.absent(like: login))
        }
        return account
    }

    fileprivate func keep(_ login: String, _ ask: inout TenancyAsk) {
        ask.after = { world, reply in
            let id = Int64(try #require(try reply.object()["id"] as? Int))
            world.model.accounts[id] = TenancyModel.Account(id: id, login: login, marker: world.dice.marker())
            world.touched.insert(.person(id))
        }
    }

    func tenant(ofRepo id: Int64) -> Int64 {
        model.repos[id]?.tenantID ?? model.deleted[id] ?? 0
    }
}
