import Builds
import Hummingbird
import Store

/// Agents and the queue, for people. What agents themselves ask for is AgentController's.
struct AgentsController: Sendable {
    let engine: Engine

    func list(_ request: Request, _ context: UserContext) async throws -> Response {
        let page = try IDPage(request)
        let agents = try await engine.store.agents(of: context.caller, after: page.after, limit: page.limit)
        return page.response(to: request, agents, bytes: 320, id: \.id) { $0.agent($1) }
    }

    func get(_ request: Request, _ context: UserContext) async throws -> Response {
        respond(try await engine.agent(try context.number("id"), for: context.caller))
    }

    func update(_ request: Request, _ context: UserContext) async throws -> Response {
        let id: Int64 = try context.number("id")
        guard let paused = try await request.json(AgentChangePayload.self, ifEmpty: AgentChangePayload()).paused else {
            return respond(try await engine.agent(id, for: context.caller))
        }
        return respond(try await engine.setPaused(id, paused, by: context.caller))
    }

    func delete(_ request: Request, _ context: UserContext) async throws -> Response {
        try await engine.deleteAgent(try context.number("id"), by: context.caller)
        return Response(status: .noContent)
    }

    func queue(_ request: Request, _ context: UserContext) async throws -> Response {
        let page = try IDPage(request)
        let entries = try await engine.store.queue(of: context.caller, after: page.after, limit: page.limit)
        return page.response(to: request, entries, bytes: 320, id: \.id) { $0.queueEntry($1) }
    }

    private func respond(_ agent: AgentRecord) -> Response {
        var json = JSONWriter(capacity: 320)
        json.agent(agent)
        return Response(json)
    }
}
