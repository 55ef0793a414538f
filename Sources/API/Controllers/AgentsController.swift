import Builds
import Hummingbird
import Store

/// Agents and the queue, for people. What agents themselves ask for is AgentController's.
struct AgentsController: Sendable {
    let engine: Engine

    func list(_ request: Request, _ context: UserContext) async throws -> Response {
        let limit = try request.integer("limit", in: 1...1000) ?? 100
        let after: Int64 = try request.integer("after", in: 0...Int64.max) ?? 0
        let agents = try await engine.store.agents(of: context.caller, after: after, limit: limit)
        var json = JSONWriter(capacity: 64 + agents.count * 320)
        json.array(agents) { $0.agent($1) }
        var response = Response(json)
        if agents.count == limit, let last = agents.last { response.link(next: request, "after", String(last.id)) }
        return response
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
        let limit = try request.integer("limit", in: 1...1000) ?? 100
        let after: Int64 = try request.integer("after", in: 0...Int64.max) ?? 0
        let entries = try await engine.store.queue(of: context.caller, after: after, limit: limit)
        var json = JSONWriter(capacity: 64 + entries.count * 320)
        json.array(entries) { $0.queueEntry($1) }
        var response = Response(json)
        if entries.count == limit, let last = entries.last { response.link(next: request, "after", String(last.id)) }
        return response
    }

    private func respond(_ agent: AgentRecord) -> Response {
        var json = JSONWriter(capacity: 320)
        json.agent(agent)
        return Response(json)
    }
}
