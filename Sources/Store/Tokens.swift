package import Core
package import FoundationEssentials
import Postgres

/// A token of the REST API, as lists show it: its text is not kept.
package struct AccessToken: Sendable, Hashable, Identifiable {
    /// A tenant or a repository, and what the token may do there.
    package struct Scope: Sendable, Hashable {
        package var level: Level
        /// `owner` or `owner/name`, with the forge in front where it is not the default one.
        package var path: String

        package init(level: Level, path: String) {
            self.level = level
            self.path = path
        }
    }

    package var id: Int64
    package var name: String
    /// What it may do everywhere its user may; `none` where only `scopes` say.
    package var level: Level
    package var createdAt: Date
    package var expiresAt: Date?
    package var lastUsedAt: Date?
    /// Empty for a token that was not used.
    package var lastUsedAddress: String
    package var madeBy: String
    package var scopes: [Scope]

    init(row: Row) throws {
        var columns = row.columns
        id = try columns.next()
        name = try columns.next()
        level = Level(rawValue: try columns.next()) ?? .none
        createdAt = try columns.next()
        expiresAt = try columns.next()
        lastUsedAt = try columns.next()
        lastUsedAddress = try columns.next()
        madeBy = try columns.next()
        scopes = try columns.next([String].self).compactMap { text in
            let words = text.split(separator: " ", maxSplits: 1)
            return Level(rawValue: String(words[0])).map { Scope(level: $0, path: String(words[1])) }
        }
    }
}

/// A token to make.
package struct NewToken: Sendable {
    /// A tenant, or one of its repositories, and what the token may do there.
    package struct Scope: Sendable, Hashable {
        package var tenantID: Int64
        package var repoID: Int64?
        package var level: Level

        package init(tenantID: Int64, repoID: Int64? = nil, level: Level) {
            self.tenantID = tenantID
            self.repoID = repoID
            self.level = level
        }
    }

    package var name: String
    /// What it may do everywhere its user may.
    package var level: Level
    package var scopes: [Scope]
    package var expiresAt: Date?
    /// Login of who makes it.
    package var madeBy: String

    package init(
        name: String, level: Level = .admin, scopes: [Scope] = [], expiresAt: Date? = nil, madeBy: String = ""
    ) {
        self.name = name
        self.level = level
        self.scopes = scopes
        self.expiresAt = expiresAt
        self.madeBy = madeBy
    }
}

extension Store {
    package func createToken(userID: Int64, _ new: NewToken, hash: [UInt8]) async throws -> AccessToken {
        let parameters: [Parameter] = [
            .int(userID), .text(new.name), .bytes(hash), .text(new.level.rawValue), .timestamp(new.expiresAt),
            .text(new.madeBy), .ints(new.scopes.map(\.tenantID)), .ints(new.scopes.map { $0.repoID ?? 0 }),
            .texts(new.scopes.map(\.level.rawValue)),
        ]
        guard let id: Int64 = try await session.first(.createToken, parameters)?.decode(at: 0),
            let token = try await session.first(.findToken, [.int(userID), .int(id)])
        else { throw AccessError.notFound("There is no such user.") }
        return try AccessToken(row: token)
    }

    /// A token that may do all its user may, and does not expire.
    package func createToken(userID: Int64, name: String, hash: [UInt8]) async throws -> AccessToken {
        try await createToken(userID: userID, NewToken(name: name), hash: hash)
    }

    /// A running attempt's own token, which reads its repository and nothing else, as long as the attempt lives.
    package func createToken(attemptID: Int64, repoID: Int64, hash: [UInt8]) async throws {
        _ = try await session.execute(.createTokenForAttempt, [.int(attemptID), .int(repoID), .bytes(hash)])
    }

    /// A user's tokens, newest first, those with an id below `before`.
    package func tokens(userID: Int64, before: Int64 = .max, limit: Int) async throws -> [AccessToken] {
        try await session.query(.listTokens, [.int(userID), .int(before), .int(limit)]).map(AccessToken.init(row:))
    }

    /// The name of the deleted token. nil: the user has no such token.
    package func deleteToken(userID: Int64, id: Int64) async throws -> String? {
        try await session.first(.deleteToken, [.int(userID), .int(id)])?.decode(at: 0)
    }

    /// Answers how many there were.
    package func deleteTokens(userID: Int64) async throws -> Int {
        try await session.execute(.deleteTokens, [.int(userID)])
    }

    /// Makes room: tokens of ended attempts are refused already.
    package func deleteTokensOfEndedAttempts() async throws {
        _ = try await session.execute(.deleteTokensOfEndedAttempts, [])
    }

    /// What a scope on a repository is stored as. nil: there is none, or the caller may not read it.
    package func tokenScope(_ scope: RepoScope, level: Level) async throws -> NewToken.Scope? {
        guard let row = try await session.first(.scopeOfRepo, scope.parameters()) else { return nil }
        var columns = row.columns
        return NewToken.Scope(tenantID: try columns.next(), repoID: try columns.next(), level: level)
    }
}

extension Statement {
    fileprivate static let createToken = Statement(stored: "tokens.create")
    fileprivate static let createTokenForAttempt = Statement(stored: "tokens.create_for_attempt")
    fileprivate static let findToken = Statement(stored: "tokens.find")
    fileprivate static let listTokens = Statement(stored: "tokens.list")
    fileprivate static let deleteToken = Statement(stored: "tokens.delete")
    fileprivate static let deleteTokens = Statement(stored: "tokens.delete_all")
    fileprivate static let deleteTokensOfEndedAttempts = Statement(stored: "tokens.delete_of_ended_attempts")
    fileprivate static let scopeOfRepo = Statement(stored: "tokens.scope_of_repo")
}
