import Builds
import Core
import HTTPTypes
import Hummingbird
import NIOCore
import Sealing
import Store

/// Repositories.
struct RepoController: Sendable {
    let engine: Engine

    func get(_ request: Request, _ context: RepoContext) async throws -> Response {
        respond(context.access.repo)
    }

    func activate(_ request: Request, _ context: UserContext) async throws -> Response {
        let path = try context.repoPath()
        return try await once {
            try await engine.activateRepo(path, by: context.caller)
        } answer: {
            respond($0)
        }
    }

    func update(_ request: Request, _ context: PushContext) async throws -> Response {
        let change = try await request.json(RepoChangePayload.self, ifEmpty: RepoChangePayload()).change
        return respond(try await engine.changeRepo(context.access, change))
    }

    func delete(_ request: Request, _ context: RepoAdminContext) async throws -> Response {
        try await engine.deleteRepo(context.access)
        return Response(status: .noContent)
    }

    func key(_ request: Request, _ context: RepoContext) async throws -> Response {
        guard let key = try await engine.store.publicKey(repoID: context.access.repo.id) else {
            throw AccessError.notFound("\(context.access.repo.path) has no key.")
        }
        return .text(key + "\n")
    }

    func renewKey(_ request: Request, _ context: RepoAdminContext) async throws -> Response {
        let caller = try context.access.somebody()
        return try await once {
            try await engine.renewKey(context.access, by: caller)
        } answer: {
            .text($0 + "\n")
        }
    }

    /// Seals a YAML mapping for `.drone.sec`.
    func encrypt(_ request: Request, _ context: PushContext) async throws -> Response {
        let body = try await request.body.collect(upTo: JWE.maximumLength / 2)
        let sealed = try await engine.encrypt(Array(buffer: body), for: context.access)
        return .text(sealed)
    }

    private func respond(_ repo: Repo) -> Response {
        var json = JSONWriter(capacity: 640)
        json.repo(repo)
        return Response(json)
    }
}

extension Response {
    static func text(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
