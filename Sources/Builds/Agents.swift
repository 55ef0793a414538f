import Core
package import Store

// Agents, for those who administer them.
extension Engine {
    /// Throws `notFound` for an agent that is not there or not the caller's to see.
    package func agent(_ id: Int64, for caller: Caller) async throws -> AgentRecord {
        guard let agent = try await store.agent(id: id, of: caller) else { throw Self.noAgent(id) }
        return agent
    }

    /// A paused agent ends what it runs, and gets nothing more until it is resumed.
    package func setPaused(_ id: Int64, _ paused: Bool, by caller: Caller) async throws -> AgentRecord {
        let agent = try await store.transaction { store, _ in
            guard let old = try await store.agent(id: id, of: caller) else { throw Self.noAgent(id) }
            guard old.isPaused != paused else { return old }
            try await store.setPaused(agentID: id, paused)
            try await store.record(
                AuditEntry(
                    by: caller.actor, tenantID: old.tenantID, paused ? "agent.pause" : "agent.resume", old.name,
                    before: ["paused": .bool(old.isPaused)], after: ["paused": .bool(paused)]))
            guard let new = try await store.agent(id: id, of: caller) else { throw Self.noAgent(id) }
            return new
        }
        jobsWait()
        return agent
    }

    /// Forgets an agent. One that still runs comes back with its next request; its token keeps it away when deleted too.
    package func deleteAgent(_ id: Int64, by caller: Caller) async throws {
        try await store.transaction { store, _ in
            guard let agent = try await store.agent(id: id, of: caller) else { throw Self.noAgent(id) }
            _ = try await store.deleteAgent(id: id)
            try await store.record(
                AuditEntry(
                    by: caller.actor, tenantID: agent.tenantID, "agent.delete", agent.name,
                    before: ["name": .text(agent.name)]))
        }
    }

    private static func noAgent(_ id: Int64) -> AccessError {
        .notFound("There is no agent \(id), or you may not see it.")
    }
}
