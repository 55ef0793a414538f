package import FoundationEssentials
import Postgres

/// A token of the REST API, as lists show it: its text is not kept.
package struct AccessToken: Sendable, Hashable, Identifiable {
    package var id: Int64
    package var name: String
    package var createdAt: Date
    package var expiresAt: Date?
    package var lastUsedAt: Date?

    init(row: Row) throws {
        var columns = row.columns
        id = try columns.next()
        name = try columns.next()
        createdAt = try columns.next()
        expiresAt = try columns.next()
        lastUsedAt = try columns.next()
    }
}

extension Store {
    package func createToken(userID: Int64, name: String, hash: [UInt8], expiresAt: Date? = nil) async throws
        -> AccessToken
    {
        let parameters: [Parameter] = [.int(userID), .text(name), .bytes(hash), .timestamp(expiresAt)]
        guard let row = try await session.first(.createToken, parameters) else {
            throw AccessError.notFound("There is no such user.")
        }
        return try AccessToken(row: row)
    }

    /// A user's tokens, newest first, those with an id below `before`.
    package func tokens(userID: Int64, before: Int64 = .max, limit: Int) async throws -> [AccessToken] {
        try await session.query(.listTokens, [.int(userID), .int(before), .int(limit)]).map(AccessToken.init(row:))
    }

    /// False: the user has no such token.
    package func deleteToken(userID: Int64, id: Int64) async throws -> Bool {
        try await session.execute(.deleteToken, [.int(userID), .int(id)]) > 0
    }

    package func deleteTokens(userID: Int64) async throws -> Int {
        try await session.execute(.deleteTokens, [.int(userID)])
    }
}

extension Statement {
    fileprivate static let createToken = Statement(stored: "tokens.create")
    fileprivate static let listTokens = Statement(stored: "tokens.list")
    fileprivate static let deleteToken = Statement(stored: "tokens.delete")
    fileprivate static let deleteTokens = Statement(stored: "tokens.delete_all")
}
