import Builds
import Core
import Hummingbird
import Store

/// Accounts of a tenant that only have tokens.
struct ServiceAccountController: Sendable {
    let engine: Engine

    func list(_ request: Request, _ context: UserContext) async throws -> Response {
        let page = try Page(request, limits: 1...1000, standard: 1000)
        let accounts = try await engine.serviceAccounts(
            of: try context.tenant(), after: page.after, limit: page.limit, for: context.caller)
        var json = JSONWriter(capacity: 64 + accounts.count * 128)
        json.array(accounts) { $0.serviceAccount($1.user, role: $1.role) }
        var response = Response(json)
        if accounts.count == page.limit, let last = accounts.last {
            response.link(next: request, "after", last.user.login)
        }
        return response
    }

    func create(_ request: Request, _ context: UserContext) async throws -> Response {
        let name = try context.tenant()
        _ = try await engine.tenant(name, for: context.caller)
        let body = try await request.json(ServiceAccountPayload.self)
        let role = Level(rawValue: body.role) ?? .none
        return try await once {
            try await engine.makeServiceAccount(body.name, role: role, of: name, by: context.caller)
        } answer: { user in
            var json = JSONWriter(capacity: 192)
            json.serviceAccount(user, role: role)
            return Response(json, status: .created)
        }
    }

    func delete(_ request: Request, _ context: UserContext) async throws -> Response {
        try await engine.deleteServiceAccount(
            try context.parameter("account"), of: try context.tenant(), by: context.caller)
        return Response(status: .noContent)
    }

    func tokens(_ request: Request, _ context: UserContext) async throws -> Response {
        let limit = try request.integer("limit", in: 1...100) ?? 100
        let before: Int64 = try request.integer("before", in: 1...Int64.max) ?? .max
        let tokens = try await engine.tokens(
            ofServiceAccount: try context.parameter("account"), of: try context.tenant(), before: before, limit: limit,
            for: context.caller)
        return .tokens(tokens, limit: limit, request)
    }

    func createToken(_ request: Request, _ context: UserContext) async throws -> Response {
        let name = try context.tenant()
        _ = try await engine.tenant(name, for: context.caller)
        let wanted = try await request.json(NewTokenPayload.self, ifEmpty: NewTokenPayload()).request()
        let (listed, token) = try await engine.makeToken(
            wanted, forServiceAccount: try context.parameter("account"), of: name, by: context.caller,
            context.credentials)
        return .made(listed, token)
    }

    func deleteToken(_ request: Request, _ context: UserContext) async throws -> Response {
        let name = try context.tenant()
        _ = try await engine.tenant(name, for: context.caller)
        try await engine.deleteToken(
            try context.number("id"), ofServiceAccount: try context.parameter("account"), of: name, by: context.caller)
        return Response(status: .noContent)
    }
}
