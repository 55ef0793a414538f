import Builds
import Core
import Hummingbird
import Sealing
import Store

/// Tokens of the REST API: one's own, and for administrators other users'.
struct TokenController: Sendable {
    let engine: Engine

    func list(_ request: Request, _ context: UserContext) async throws -> Response {
        let limit = try request.integer("limit", in: 1...100) ?? 100
        let before: Int64 = try request.integer("before", in: 1...Int64.max) ?? .max
        let tokens = try await engine.store.tokens(userID: context.caller.user.id, before: before, limit: limit)
        var json = JSONWriter(capacity: 64 + tokens.count * 128)
        json.array(tokens) { $0.token($1) }
        var response = Response(json)
        if tokens.count == limit, let last = tokens.last { response.link(next: request, "before", String(last.id)) }
        return response
    }

    func create(_ request: Request, _ context: UserContext) async throws -> Response {
        try await create(request, for: context.caller.user)
    }

    func createForUser(_ request: Request, _ context: AdminContext) async throws -> Response {
        let login = try context.parameter("login")
        guard let user = try await engine.store.findUser(login) else {
            throw AccessError.notFound("There is no user \(login).")
        }
        return try await create(request, for: user)
    }

    func delete(_ request: Request, _ context: UserContext) async throws -> Response {
        let id: Int64 = try context.number("id")
        guard try await engine.store.deleteToken(userID: context.caller.user.id, id: id) else {
            throw AccessError.notFound("You have no token \(id).")
        }
        return Response(status: .noContent)
    }

    func deleteAll(_ request: Request, _ context: UserContext) async throws -> Response {
        _ = try await engine.store.deleteTokens(userID: context.caller.user.id)
        return Response(status: .noContent)
    }

    private func create(_ request: Request, for user: User) async throws -> Response {
        let new = try await request.json(NewTokenPayload.self, ifEmpty: NewTokenPayload())
        let name = new.name ?? ""
        guard name.unicodeScalars.count <= 100 else { throw Refusal.invalid("name must be at most 100 characters.") }
        let token = Token.generate()
        let listed = try await engine.store.createToken(userID: user.id, name: name, hash: token.hash)
        var json = JSONWriter(capacity: 256)
        json.token(listed, text: token.text)
        var response = Response(json, status: .created)
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
