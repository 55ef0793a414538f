import Builds
import Core
import HTTPTypes
import Hummingbird
import Store

/// All accounts, for administrators of the server.
struct UsersController: Sendable {
    let engine: Engine

    func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        let page = try Page(request, limits: 1...1000, standard: 1000)
        let users = try await engine.store.users(
            all: try request.flag("all"), after: page.after, limit: page.limit)
        var json = JSONWriter(capacity: 64 + users.count * 256)
        json.array(users) { $0.user($1) }
        var response = Response(json)
        if users.count == page.limit, let last = users.last { response.link(next: request, "after", last.login) }
        return response
    }

    func get(_ request: Request, _ context: AdminContext) async throws -> Response {
        respond(try await engine.user(try context.parameter("login")))
    }

    func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let new = try await request.json(NewUserPayload.self)
        guard let login = new.login else { throw Refusal.invalid("login is missing.") }
        return try await create(new, login: login, by: context.caller)
    }

    func createNamed(_ request: Request, _ context: AdminContext) async throws -> Response {
        let new = try await request.json(NewUserPayload.self, ifEmpty: NewUserPayload())
        return try await create(new, login: try context.parameter("login"), by: context.caller)
    }

    func update(_ request: Request, _ context: AdminContext) async throws -> Response {
        let change = try await request.json(UserChangePayload.self, ifEmpty: UserChangePayload())
        let user = try await engine.changeUser(
            try context.parameter("login"),
            UserChange(email: change.email, admin: change.admin, active: change.active), by: context.caller)
        return respond(user)
    }

    func delete(_ request: Request, _ context: AdminContext) async throws -> Response {
        try await engine.deleteUser(try context.parameter("login"), by: context.caller)
        return Response(status: .noContent)
    }

    private func create(_ new: NewUserPayload, login: String, by caller: Caller) async throws -> Response {
        let user = NewUser(
            login: login, email: new.email ?? "", admin: new.admin ?? false, avatarURL: new.avatarURL)
        return try await once {
            try await engine.createUser(user, by: caller.actor)
        } answer: {
            respond($0, status: .created)
        }
    }

    private func respond(_ user: User, status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter(capacity: 256)
        json.user(user)
        return Response(json, status: status)
    }
}
