import Builds
import Core
import Hummingbird
import Sealing
import Store

/// Tokens of the REST API: one's own, and for administrators other users'.
struct TokenController: Sendable {
    let engine: Engine

    func list(_ request: Request, _ context: AccountContext) async throws -> Response {
        let limit = try request.integer("limit", in: 1...100) ?? 100
        let before: Int64 = try request.integer("before", in: 1...Int64.max) ?? .max
        let tokens = try await engine.store.tokens(userID: context.caller.user.id, before: before, limit: limit)
        return .tokens(tokens, limit: limit, request)
    }

    func create(_ request: Request, _ context: AccountContext) async throws -> Response {
        try await create(request, for: context.caller.user, by: context.caller, context.credentials)
    }

    func createForUser(_ request: Request, _ context: AdminContext) async throws -> Response {
        let user = try await engine.user(try context.parameter("login"))
        return try await create(request, for: user, by: context.caller, context.credentials)
    }

    func delete(_ request: Request, _ context: UserContext) async throws -> Response {
        try await engine.deleteToken(try context.number("id"), of: context.caller.user, by: context.caller)
        return Response(status: .noContent)
    }

    func deleteAll(_ request: Request, _ context: AccountContext) async throws -> Response {
        try await engine.deleteTokens(of: context.caller.user, by: context.caller)
        return Response(status: .noContent)
    }

    private func create(_ request: Request, for user: User, by caller: Caller, _ credentials: Credentials) async throws
        -> Response
    {
        let wanted = try await request.json(NewTokenPayload.self, ifEmpty: NewTokenPayload()).request()
        let (listed, token) = try await engine.makeToken(wanted, for: user, by: caller, credentials)
        return .made(listed, token)
    }
}

extension Response {
    /// A page of tokens.
    static func tokens(_ tokens: [AccessToken], limit: Int, _ request: Request) -> Response {
        var json = JSONWriter(capacity: 64 + tokens.count * 192)
        json.array(tokens) { $0.token($1) }
        var response = Response(json)
        if tokens.count == limit, let last = tokens.last { response.link(next: request, "before", String(last.id)) }
        return response
    }

    /// A new token, with its text, which nothing on the way may keep.
    static func made(_ listed: AccessToken, _ token: Token) -> Response {
        var json = JSONWriter(capacity: 320)
        json.token(listed, text: token.text)
        var response = Response(json, status: .created)
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
