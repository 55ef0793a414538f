package import Core
package import FoundationEssentials
import Postgres

/// An agent as lists show it.
package struct AgentRecord: Sendable, Hashable, Identifiable {
    package var id: Int64
    package var name: String
    /// The only tenant whose jobs it sees, as URLs name it; nil: it sees all.
    package var tenant: String?
    package var labels: Variables
    /// Jobs it runs at once.
    package var slots: Int
    /// Jobs it has now.
    package var running: Int
    /// Version of the protocol it speaks.
    package var version: Int
    package var address: String
    package var createdAt: Date
    /// To about half a minute.
    package var lastSeenAt: Date
    /// It was heard of lately.
    package var isOnline: Bool
    /// It gets no work.
    package var isPaused: Bool
    package var tenantID: Int64?

    init(row: Row) throws {
        var columns = row.columns
        id = try columns.next()
        name = try columns.next()
        tenant = try columns.next()
        labels = try Variables(from: &columns)
        slots = try columns.next()
        running = try columns.next()
        version = try columns.next()
        address = try columns.next()
        createdAt = try columns.next()
        lastSeenAt = try columns.next()
        isOnline = try columns.next()
        isPaused = try columns.next()
        tenantID = try columns.next()
    }
}

extension Variables {
    /// An array of names and one of their values.
    init(from columns: inout ColumnReader) throws {
        let names: [String] = try columns.next()
        let values: [String] = try columns.next()
        self.init(sorted: Dictionary(zip(names, values), uniquingKeysWith: { $1 }))
    }
}

extension Store {
    /// Agents that the caller administers, with an id above `after`, by id.
    package func agents(of caller: Caller, after: Int64, limit: Int) async throws -> [AgentRecord] {
        try await session.query(.agents, [.int(caller.token.id), .int(after), .int(limit)]).map(AgentRecord.init(row:))
    }

    /// nil: there is none that the caller administers.
    package func agent(id: Int64, of caller: Caller) async throws -> AgentRecord? {
        try await session.first(.agent, [.int(caller.token.id), .int(id)]).map(AgentRecord.init(row:))
    }

    package func setPaused(agentID: Int64, _ paused: Bool) async throws {
        _ = try await session.execute(.setPaused, [.int(agentID), .bool(paused)])
    }

    /// False: it was gone.
    package func deleteAgent(id: Int64) async throws -> Bool {
        try await session.execute(.deleteAgent, [.int(id)]) > 0
    }
}

extension Statement {
    fileprivate static let agents = Statement(stored: "agents.list")
    fileprivate static let agent = Statement(stored: "agents.read")
    fileprivate static let setPaused = Statement(stored: "agents.set_paused")
    fileprivate static let deleteAgent = Statement(stored: "agents.delete")
}
