import Builds
import Core
import HTTPTypes
import Hummingbird
import Store

/// Named secrets of repositories and tenants.
struct SecretController: Sendable {
    let engine: Engine

    // Of a repository -------------------------------------------------------------------------------------------

    func list(_ request: Request, _ context: PushContext) async throws -> Response {
        try await list(request, of: engine.secretOwner(context.access))
    }

    func create(_ request: Request, _ context: PushContext) async throws -> Response {
        try await create(request, of: engine.secretOwner(context.access), by: try context.access.somebody())
    }

    func update(_ request: Request, _ context: PushContext) async throws -> Response {
        try await update(
            request, try context.parameter("secret"), of: engine.secretOwner(context.access),
            by: try context.access.somebody())
    }

    func delete(_ request: Request, _ context: PushContext) async throws -> Response {
        try await engine.deleteSecret(
            try context.parameter("secret"), of: engine.secretOwner(context.access), by: try context.access.somebody())
        return Response(status: .noContent)
    }

    // Of a tenant -----------------------------------------------------------------------------------------------

    func listOfTenant(_ request: Request, _ context: UserContext) async throws -> Response {
        try await list(request, of: try await owner(context))
    }

    func createOfTenant(_ request: Request, _ context: UserContext) async throws -> Response {
        try await create(request, of: try await owner(context), by: context.caller)
    }

    func updateOfTenant(_ request: Request, _ context: UserContext) async throws -> Response {
        try await update(
            request, try context.parameter("secret"), of: try await owner(context), by: context.caller)
    }

    func deleteOfTenant(_ request: Request, _ context: UserContext) async throws -> Response {
        try await engine.deleteSecret(
            try context.parameter("secret"), of: try await owner(context), by: context.caller)
        return Response(status: .noContent)
    }

    // -----------------------------------------------------------------------------------------------------------

    private func owner(_ context: UserContext) async throws -> SecretOwner {
        try await engine.secretOwner(try context.tenant(), by: context.caller)
    }

    private func list(_ request: Request, of owner: SecretOwner) async throws -> Response {
        let page = try Page(request, limits: 1...500, standard: 500)
        let secrets = try await engine.secrets(of: owner, after: page.after, limit: page.limit)
        var json = JSONWriter(capacity: 64 + secrets.count * 192)
        json.array(secrets) { $0.secret($1) }
        var response = Response(json)
        if secrets.count == page.limit, let last = secrets.last { response.link(next: request, "after", last.name) }
        return response
    }

    private func create(_ request: Request, of owner: SecretOwner, by caller: Caller) async throws -> Response {
        let secret = try await request.json(SecretPayload.self, atMost: Self.largestBody).secret()
        return try await once {
            try await engine.createSecret(secret, of: owner, by: caller)
        } answer: {
            respond($0, status: .created)
        }
    }

    private func update(_ request: Request, _ name: String, of owner: SecretOwner, by caller: Caller) async throws
        -> Response
    {
        let change = try await request.json(SecretPayload.self, atMost: Self.largestBody).change
        return respond(try await engine.changeSecret(name, of: owner, change, by: caller))
    }

    private func respond(_ secret: SecretRecord, status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter(capacity: 256)
        json.secret(secret)
        return Response(json, status: status)
    }

    /// A value of 64 KiB, each character of it escaped.
    private static let largestBody = 512 << 10
}
