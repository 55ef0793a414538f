import Builds
import Core
import Hummingbird
import Sealing
import Store

/// The caller's own account.
struct UserController: Sendable {
    let engine: Engine

    func get(_ request: Request, _ context: UserContext) async throws -> Response {
        respond(context.caller.user)
    }

    func update(_ request: Request, _ context: AccountContext) async throws -> Response {
        let change = try await request.json(OwnChangePayload.self, ifEmpty: OwnChangePayload())
        guard let email = change.email else { return respond(context.caller.user) }
        return respond(try await engine.changeOwnEmail(email, of: context.caller))
    }

    func repos(_ request: Request, _ context: UserContext) async throws -> Response {
        let repos = try await engine.store.repos(of: context.caller, limit: 1000)
        var json = JSONWriter(capacity: 64 + repos.count * 512)
        json.array(repos) { $0.repo($1) }
        return Response(json)
    }

    private func respond(_ user: User) -> Response {
        var json = JSONWriter(capacity: 256)
        json.user(user)
        return Response(json)
    }
}
