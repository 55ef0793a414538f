import Core
import Foundation
import Sealing
import Store
import TestSupport
import Testing

typealias TenancyGenerator = @Sendable (TenancyWorld) async throws -> TenancyAsk

/// Requests on repositories.
enum TenancyRepoRoutes {
    static let generators: [String: TenancyGenerator] = [
        "GET /api/repos/{owner}/{name}": { world in
            var (ask, repo) = try world.ask(onRepo: .read, [200])
            ask.after = { _, reply in try check(try reply.object()["name"] as? String == repo.name) }
            return ask
        },
        "PATCH /api/repos/{owner}/{name}": update,
        "DELETE /api/repos/{owner}/{name}": { world in
            var (ask, repo) = try world.ask(onRepo: .admin, [204], changes: true)
            ask.after = { world, _ in world.model.remove(repo: repo.id) }
            return ask
        },
        "POST /api/repos/{owner}/{name}": activate,
        "GET /api/repos/{owner}/{name}/key": { world in
            var (ask, repo) = try world.ask(onRepo: .read, [200])
            ask.after = { _, reply in try check(repo.publicKey.isEmpty || reply.text == "\(repo.publicKey)\n") }
            return ask
        },
        "POST /api/repos/{owner}/{name}/key": { world in
            var (ask, repo) = try world.ask(onRepo: .admin, [200], changes: true)
            ask.after = { world, reply in
                world.model.repos[repo.id]?.publicKey = String(reply.text.dropLast())
            }
            return ask
        },
        "POST /api/repos/{owner}/{name}/encrypt": { world in
            var (ask, _) = try world.ask(onRepo: .write, [200])
            ask.json = "A: b\n"
            return ask
        },
        "GET /api/repos/{owner}/{name}/builds": builds,
        "GET /api/repos/{owner}/{name}/builds/latest": { world in
            var (ask, repo) = try world.ask(onRepo: .read, [200])
            let branch = world.dice.pick(world.model.repos)?.defaultBranch ?? ""
            if world.dice.once(in: 2) { ask.query = "?branch=\(branch)" }
            let isOther = !ask.query.isEmpty && branch != repo.defaultBranch
            if ask.isAllowed, isOther || repo.lastBuild == 0 { ask.expected = [404] }
            return ask
        },
        "GET /api/repos/{owner}/{name}/builds/{number}": { world in
            var (ask, repo) = try world.ask(onRepo: .read, [200], item: world.build)
            ask.after = { _, reply in try check(try reply.object()["commit"] as? String == repo.marker) }
            return ask
        },
        "POST /api/repos/{owner}/{name}/builds/{number}": restart,
        "GET /api/repos/{owner}/{name}/deliveries": { world in try world.ask(onRepo: .write, [200]).0 },
        // The model knows no deliveries: each id is one of nobody's, or of somebody else's, and is not found.
        "POST /api/repos/{owner}/{name}/deliveries/{id}/redeliver": { world in
            var (ask, _) = try world.ask(onRepo: .write, [404])
            ask.values["id"] = "\(world.dice.number(900_000...999_999))"
            return ask
        },
        "GET /api/repos/{owner}/{name}/logs/{number}/{job}": log,
        "DELETE /api/repos/{owner}/{name}/logs/{number}/{job}": cancel,
        "GET /api/stream/{owner}/{name}": { world in try world.ask(onRepo: .read, [200]).0 },
        "GET /api/stream/{owner}/{name}/{build}/{job}": tail,
        "DELETE /api/repos/{owner}/{name}/builds/{number}/{job}": cancel,
    ]

    private static let update: TenancyGenerator = { world in
        var (ask, repo) = try world.ask(onRepo: .write, [200], changes: true)
        let isPrivate = world.dice.once(in: 2)
        let mayPublish = world.model.level(ask.sender, repo) == .admin
        ask.json = world.dice.once(in: 3) ? #"{"private":\#(isPrivate)}"# : #"{"allow_tags":\#(isPrivate)}"#
        guard ask.isAllowed, ask.json?.contains("private") == true else { return ask }
        if isPrivate != repo.isPrivate, !mayPublish {
            ask.expected = [403]
            ask.touched = []
        } else if isPrivate != repo.isPrivate, !repo.isOnDefaultForge {
            // The server has no such forge that could be asked.
            ask.expected = [502]
            ask.touched = []
        }
        ask.after = { world, _ in world.model.repos[repo.id]?.isPrivate = isPrivate }
        return ask
    }

    /// Of what the forge has, what is active already, and what nobody has.
    private static let activate: TenancyGenerator = { world in
        let sender = world.sender()
        guard let tenant = world.tenant(for: sender) else { throw NotInTime(description: "there is no tenant") }
        let waiting = world.model.waitingRepos.first { $0.tenantID == tenant.id }?.name
        let name = waiting ?? world.dice.absent(like: "repository")
        let isActive = world.model.repos.values.contains { $0.tenantID == tenant.id && $0.name == name }
        let role = world.model.role(sender, tenant)
        var ask = TenancyAsk(sender: sender, values: ["owner": tenant.name, "name": name], expected: [404])
        if world.model.account(sender) == nil {
            ask.expected = [401]
        } else if role >= .read, waiting != nil {
            ask.expected = role < .admin ? [403] : [isActive ? 409 : 200]
        }
        if !ask.isAllowed, role == .none || ask.expected == [401] {
            ask.twin = .init(parameter: "name", name: name, absent: world.dice.absent(like: name))
        }
        if ask.isAllowed { ask.touched = [.tenant(tenant.id)] }
        ask.after = { world, reply in
            let id = try #require(try reply.object()["id"] as? Int)
            world.model.repos[Int64(id)] = TenancyModel.Repo(
                id: Int64(id), tenantID: tenant.id, owner: tenant.name, name: name, marker: name, isPrivate: true,
                lastBuild: 0, hookSecret: "", publicKey: "")
        }
        return ask
    }

    private static let builds: TenancyGenerator = { world in
        var (ask, repo) = try world.ask(onRepo: .read, [200])
        let branch = world.dice.pick(world.model.repos)?.defaultBranch ?? ""
        if world.dice.once(in: 2) { ask.query = "?branch=\(branch)&limit=100" }
        let isFiltered = !ask.query.isEmpty
        ask.after = { _, reply in
            let found = try reply.array()
            let all = isFiltered && branch != repo.defaultBranch ? 0 : repo.lastBuild
            try check(Int64(found.count) == min(isFiltered ? 100 : 50, all))
            try check(found.allSatisfy { $0["commit"] as? String == repo.marker })
            try check(found.allSatisfy { ($0["jobs"] as? [Any])?.count == 1 })
        }
        return ask
    }

    private static let restart: TenancyGenerator = { world in
        let fork = world.dice.once(in: 3)
        var (ask, repo) = try world.ask(onRepo: .write, fork ? [202] : [202, 409], changes: true, item: world.build)
        guard fork else { return ask }
        ask.query = "?fork=true"
        ask.after = { world, _ in world.model.repos[repo.id]?.lastBuild += 1 }
        return ask
    }

    private static let log: TenancyGenerator = { world in
        var (ask, repo) = try world.ask(onRepo: .read, [200], item: world.build)
        ask.values["job"] = "1"
        if world.dice.once(in: 5) {
            let step = world.dice.pick(world.model.repos)?.marker ?? ""
            ask.query = "?step=step-\(step)&attempt=1"
            if ask.isAllowed, step != repo.marker || ask.values["number"] != "1" { ask.expected = [200, 404] }
        } else if ask.values["number"] == "1" {
            let text = "the log of \(repo.marker)\n"
            ask.query = "?attempt=1"
            ask.after = { _, reply in try check(reply.text == text) }
        }
        return ask
    }

    /// Of the first attempt, which has ended: that stream has an end too.
    private static let tail: TenancyGenerator = { world in
        var (ask, repo) = try world.ask(onRepo: .read, [200])
        ask.values["build"] = "1"
        ask.values["job"] = "1"
        ask.query = "?attempt=1"
        if ask.isAllowed, repo.lastBuild == 0 { ask.expected = [404] }
        let text = "the log of \(repo.marker)"
        ask.after = { _, reply in try check(reply.text.contains(text)) }
        return ask
    }

    private static let cancel: TenancyGenerator = { world in
        var (ask, _) = try world.ask(onRepo: .write, [204, 409], changes: true, item: world.build)
        ask.values["job"] = "1"
        return ask
    }
}

extension TenancyWorld {
    /// A build's number: of the repository, or one that it has not reached.
    func build(_ repo: TenancyModel.Repo) -> TenancyItem {
        let isThere = repo.lastBuild > 0 && !dice.once(in: 10)
        let number = isThere ? Int64(dice.number(1...Int(min(repo.lastBuild, 9)))) : 100_000
        return TenancyItem(parameter: "number", name: String(number), isThere: isThere, absent: "200000")
    }
}
