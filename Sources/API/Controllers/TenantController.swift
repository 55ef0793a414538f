import Builds
import Core
import Hummingbird
import Store

/// Tenants, and their members.
struct TenantController: Sendable {
    let engine: Engine

    func list(_ request: Request, _ context: UserContext) async throws -> Response {
        let page = try IDPage(request)
        let tenants = try await engine.store.tenants(of: context.caller, after: page.after, limit: page.limit)
        return page.response(to: request, tenants, bytes: 384, id: \.0.id) { $0.tenant($1.0, role: $1.role) }
    }

    func get(_ request: Request, _ context: UserContext) async throws -> Response {
        let (tenant, role) = try await engine.tenant(try context.tenant(), for: context.caller)
        return respond(tenant, role)
    }

    func update(_ request: Request, _ context: UserContext) async throws -> Response {
        let name = try context.tenant()
        let change = try await request.json(TenantChangePayload.self, ifEmpty: TenantChangePayload()).change
        return respond(try await engine.changeTenant(name, change, by: context.caller), .admin)
    }

    /// The last twelve months unless `from` and `to` say others.
    func usage(_ request: Request, _ context: UserContext) async throws -> Response {
        let name = try context.tenant()
        _ = try await engine.tenant(name, for: context.caller)
        let last = try request.month("to") ?? Month.current
        let first = try request.month("from") ?? last.before(11)
        guard first <= last, last.months(since: first) < 120 else {
            throw Refusal.invalid("from must not be after to, nor more than 120 months before it.")
        }
        let months = try await engine.usage(
            of: name, from: first.description, to: last.description, for: context.caller)
        var json = JSONWriter(capacity: 64 + months.count * 128)
        json.array(months) { $0.month($1) }
        return Response(json)
    }

    private func respond(_ tenant: TenantRecord, _ role: Level) -> Response {
        var json = JSONWriter(capacity: 512)
        json.tenant(tenant, role: role)
        return Response(json)
    }

    func members(_ request: Request, _ context: UserContext) async throws -> Response {
        let page = try Page(request, limits: 1...1000, standard: 1000)
        let members = try await engine.members(
            of: try context.tenant(), for: context.caller, after: page.after, limit: page.limit)
        var json = JSONWriter(capacity: 64 + members.count * 64)
        json.array(members) { $0.member($1) }
        var response = Response(json)
        if members.count == page.limit, let last = members.last { response.link(next: request, "after", last.login) }
        return response
    }

    func member(_ request: Request, _ context: UserContext) async throws -> Response {
        respond(try await engine.member(try context.parameter("login"), of: try context.tenant(), for: context.caller))
    }

    func putMember(_ request: Request, _ context: UserContext) async throws -> Response {
        let body = try await request.json(MemberPayload.self)
        let role = Level(rawValue: body.role) ?? .none
        return respond(
            try await engine.putMember(
                try context.parameter("login"), role: role, of: try context.tenant(), by: context.caller))
    }

    func removeMember(_ request: Request, _ context: UserContext) async throws -> Response {
        try await engine.removeMember(try context.parameter("login"), of: try context.tenant(), by: context.caller)
        return Response(status: .noContent)
    }

    private func respond(_ member: Member) -> Response {
        var json = JSONWriter(capacity: 128)
        json.member(member)
        return Response(json)
    }
}

extension UserContext {
    /// The tenant named in the path.
    func tenant() throws -> TenantName {
        let owner = try parameter("owner")
        guard let name = TenantName(owner) else {
            throw AccessError.notFound("There is no tenant \(owner), or you may not see it.")
        }
        return name
    }
}
