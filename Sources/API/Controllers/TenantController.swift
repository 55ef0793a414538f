import Builds
import Core
import Hummingbird
import Store

/// Members of tenants.
struct TenantController: Sendable {
    let engine: Engine

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
