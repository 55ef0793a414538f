import Core
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// Requests on agents, the queue, the audit, and on builds that wait for somebody's word.
enum TenancyFleetRoutes {
    static let generators: [String: TenancyGenerator] = [
        "GET /api/agents": { world in
            let sender = world.sender()
            var ask = TenancyAsk(sender: sender, expected: [world.model.account(sender) == nil ? 401 : 200])
            ask.query = "?limit=1000"
            ask.after = { world, reply in
                let own = Set(try await world.agents().filter { world.administers($0, sender) }.map(\.id))
                try check(Set(try reply.array().compactMap { $0["id"] as? Int64 }) == own)
            }
            return ask
        },
        "GET /api/agents/{id}": { try await $0.askOnAgent([200]) },
        "PATCH /api/agents/{id}": { world in
            var ask = try await world.askOnAgent([200])
            ask.json = #"{"paused":false}"#
            return ask
        },
        "DELETE /api/agents/{id}": { world in
            var ask = try await world.askOnAgent([204])
            guard ask.isAllowed else { return ask }
            // One that has work would take its traces off the rows of every tenant it worked for.
            ask.values["id"] = "9999999"
            ask.expected = [404]
            return ask
        },
        "GET /api/queue": { world in
            let sender = world.sender()
            var ask = TenancyAsk(sender: sender, expected: [world.model.account(sender) == nil ? 401 : 200])
            let own = world.model.tenants.values.filter { world.model.role(sender, $0) >= .read }
            let paths = Set(
                world.model.repos.values.filter { repo in own.contains { $0.id == repo.tenantID } }.map(\.path))
            ask.after = { _, reply in
                try check(Set(try reply.array().compactMap { $0["repo"] as? String }).isSubset(of: paths))
            }
            return ask
        },
        "GET /api/audit": audit,
        "POST /api/repos/{owner}/{name}/builds/{number}/approve": {
            try $0.ask(onRepo: .write, [409], item: $0.build).0
        },
        "POST /api/repos/{owner}/{name}/builds/{number}/decline": {
            try $0.ask(onRepo: .write, [409], item: $0.build).0
        },
    ]

    private static let audit: TenancyGenerator = { world in
        if world.dice.once(in: 2) {
            var (ask, tenant) = try world.ask(inTenant: .admin, [200])
            ask.values = [:]
            ask.twin = nil
            ask.query = "?tenant=\(tenant.name)"
            ask.alsoVisible = world.markersInAudit(of: [tenant.id])
            ask.after = { _, reply in
                try check(try reply.array().allSatisfy { $0["tenant"] as? String == tenant.name })
            }
            return ask
        }
        let sender = world.sender()
        let own = world.model.tenants.values.filter { world.model.role(sender, $0) == .admin }
        let mayRead = world.model.isAdministrator(sender) || !own.isEmpty
        var ask = TenancyAsk(
            sender: sender, expected: [world.model.account(sender) == nil ? 401 : mayRead ? 200 : 403])
        guard !world.model.isAdministrator(sender) else { return ask }
        let names = Set(own.map(\.name))
        ask.alsoVisible = world.markersInAudit(of: Set(own.map(\.id)))
        ask.after = { _, reply in
            try check(try reply.array().allSatisfy { names.contains($0["tenant"] as? String ?? "") })
        }
        return ask
    }
}

extension TenancyWorld {
    /// The audit of a tenant names all its repositories, deleted ones too, also to administrators whom the forge lets into none.
    fileprivate func markersInAudit(of tenants: Set<Int64>) -> Set<String> {
        var foreign = Set(model.repos.values.filter { !tenants.contains($0.tenantID) }.map(\.marker))
        foreign.formUnion(model.tenants.values.filter { !tenants.contains($0.id) }.map(\.marker))
        foreign.formUnion(model.accounts.values.map(\.marker))
        return markers.subtracting(foreign)
    }

    fileprivate func agents() async throws -> [(id: Int64, tenantID: Int64?)] {
        let statement = Statement(
            name: "test.agents",
            sql: "select a.id, t.tenant_id from agents a join agent_tokens t on t.id = a.token_id order by a.id")
        return try await server.database.query(statement).map { row in
            var columns = row.columns
            return (id: try columns.next(), tenantID: try columns.next())
        }
    }

    fileprivate func administers(_ agent: (id: Int64, tenantID: Int64?), _ sender: TenancyModel.Sender) -> Bool {
        guard let tenant = agent.tenantID.flatMap({ model.tenants[$0] }) else { return model.isAdministrator(sender) }
        return model.role(sender, tenant) == .admin
    }

    fileprivate func askOnAgent(_ success: Set<Int>) async throws -> TenancyAsk {
        let sender = sender()
        let agents = try await agents()
        let agent = agents.isEmpty ? nil : agents[dice.number(0...agents.count - 1)]
        let id = agent?.id ?? 9_999_999
        var ask = TenancyAsk(sender: sender, values: ["id": "\(id)"], expected: success)
        if model.account(sender) == nil {
            ask.expected = [401]
        } else if !(agent.map { administers($0, sender) } ?? false) {
            ask.expected = [404]
            ask.twin = .init(parameter: "id", name: "\(id)", absent: "9999999")
        }
        return ask
    }
}
