import Core
import Postgres

/// A token that agents identify themselves with.
package struct AgentToken: Sendable, Hashable {
    package var id: Int64
    /// Its agents see only this tenant's jobs; nil: all.
    package var tenantID: Int64?
}

extension Store {
    /// Answers its id.
    @discardableResult
    package func createAgentToken(tenantID: Int64?, name: String, hash: [UInt8]) async throws -> Int64 {
        try await session.first(.createToken, [.int(tenantID), .text(name), .bytes(hash)])?.decode(at: 0) ?? 0
    }

    package func agentToken(hash: [UInt8]) async throws -> AgentToken? {
        guard let row = try await session.first(.findToken, [.bytes(hash)]) else { return nil }
        var columns = row.columns
        return AgentToken(id: try columns.next(), tenantID: try columns.next())
    }

    /// Notes that an agent asks for work, and answers its id.
    package func registerAgent(
        tokenID: Int64, name: String, labels: [String: String], slots: Int, version: Int, address: String
    ) async throws -> Int64? {
        let parameters: [Parameter] = [
            .int(tokenID), .text(name), .json(Variables(sorted: labels).json), .int(slots), .int(version),
            .text(address),
        ]
        if let row = try await session.first(.register, parameters) { return try row.decode(at: 0) }
        return try await session.first(.findAgent, [.int(tokenID), .text(name)])?.decode(at: 0)
    }
}

extension Statement {
    fileprivate static let createToken = Statement(stored: "agents.create_token")
    fileprivate static let findToken = Statement(stored: "agents.find_token")
    fileprivate static let register = Statement(stored: "agents.register")
    fileprivate static let findAgent = Statement(stored: "agents.find")
}
