package import Core
import Postgres

/// What a request presents to say who sends it.
package enum Credentials: Sendable, Hashable {
    case anonymous
    /// SHA-256 of a well-formed token.
    case token(hash: [UInt8])
    /// Something that cannot be a token.
    case malformed

    var hash: [UInt8]? {
        if case .token(let hash) = self { hash } else { nil }
    }
}

/// Why a request may not go on.
package enum AccessError: Error, Equatable {
    /// No token where one is needed, or a token that is not good.
    case unauthenticated
    /// Not there, or not for the caller to see: the two look alike.
    case notFound(String)
    /// The caller may see it, but not do this.
    case forbidden(String)
}

/// A repository as a caller asks for it: every statement that takes one checks that the caller may read it.
package struct RepoScope: Sendable {
    package var credentials: Credentials
    package var path: RepoPath

    package init(credentials: Credentials, path: RepoPath) {
        self.credentials = credentials
        self.path = path
    }

    /// The first four parameters of a statement that starts with the access fragment.
    func parameters(_ others: Parameter...) throws(AccessError) -> [Parameter] {
        if case .malformed = credentials { throw .unauthenticated }
        return [.bytes(credentials.hash), .text(path.forge), .text(path.owner), .text(path.name)] + others
    }
}

/// The token that a request came with.
package struct TokenUse: Sendable, Hashable {
    package var id: Int64
    /// What it may do everywhere its user may; `none` where only its scopes say.
    package var level: Level
    /// Its time of last use is more than a minute old.
    var stale: Bool
}

/// Somebody with a good token.
package struct Caller: Sendable, Hashable {
    package var user: User
    package var token: TokenUse

    /// Administrator of the server, with a token that goes that far.
    package var isAdministrator: Bool { user.admin && token.level == .admin }

    package init(user: User, token: TokenUse) {
        self.user = user
        self.token = token
    }
}

/// A repository, who asks for it, and what they may do.
package struct Access: Sendable {
    /// nil: anonymous, or a running job of the repository.
    package var caller: Caller?
    /// A running job of the repository, which may read it and no more.
    package var isJob = false
    package var repo: Repo
    package var level: Level

    /// Throws `forbidden`, or `unauthenticated` for somebody who has not said who they are.
    package func require(_ needed: Level, to act: String) throws(AccessError) {
        guard level < needed else { return }
        guard caller != nil || isJob else { throw .unauthenticated }
        throw .forbidden("You need \(needed.rawValue) permission on \(repo.fullName) to \(act).")
    }

    /// Who asks. Throws `unauthenticated` for nobody, who cannot have got as far as to a change.
    package func somebody() throws(AccessError) -> Caller {
        guard let caller else { throw .unauthenticated }
        return caller
    }
}

extension Store {
    /// Who a token belongs to. Throws `unauthenticated` without a good one.
    package func caller(_ credentials: Credentials) async throws -> Caller {
        guard let hash = credentials.hash else { throw AccessError.unauthenticated }
        guard let row = try await session.first(.caller, [.bytes(hash)]) else { throw AccessError.unauthenticated }
        var columns = row.columns
        guard let token = try token(&columns) else { throw AccessError.unauthenticated }
        return Caller(user: try User(from: &columns), token: token)
    }

    /// A repository the caller may read, and what else they may do. Throws `unauthenticated` for a bad token and `notFound`.
    package func access(_ scope: RepoScope) async throws -> Access {
        let row = try await session.first(.readRepo, scope.parameters())
        var columns = try readable(row, scope)
        let token = try token(&columns)
        let caller = try caller(with: token, &columns)
        guard let level = try columns.next(String?.self).flatMap(Level.init(rawValue:)) else { throw scope.notFound }
        return Access(
            caller: caller, isJob: caller == nil && token != nil, repo: try Repo(from: &columns), level: level)
    }

    /// nil: there is no token, or it is of a job and not of a user.
    private func caller(with token: TokenUse?, _ columns: inout ColumnReader) throws -> Caller? {
        guard let token, !columns.row.isNull(at: columns.index) else {
            columns.skip(User.columnCount)
            return nil
        }
        return Caller(user: try User(from: &columns), token: token)
    }

    private func token(_ columns: inout ColumnReader) throws -> TokenUse? {
        let id: Int64? = try columns.next()
        let stale: Bool? = try columns.next()
        let level: String? = try columns.next()
        guard let id else { return nil }
        return noted(TokenUse(id: id, level: level.flatMap(Level.init(rawValue:)) ?? .none, stale: stale ?? true))
    }

    private func readable(_ row: Row?, _ scope: RepoScope) throws -> ColumnReader {
        guard let row else { throw scope.notFound }
        if scope.credentials.hash != nil, row.isNull(at: 0) { throw AccessError.unauthenticated }
        return row.columns
    }

    /// Reads the columns that every reading statement on a repository starts with, and answers the rest of the row.
    func permitted(_ row: Row?, _ scope: RepoScope) throws -> ColumnReader {
        var columns = try readable(row, scope)
        try noteUse(&columns)
        guard try columns.next(Int64?.self) != nil else { throw scope.notFound }
        return columns
    }

    /// Writes down, in the background, that the token was used: lists show it to the minute.
    private func noted(_ token: TokenUse) -> TokenUse {
        // Of a read on the standby, the primary was asked before, and has written it down.
        if token.stale, !isStandby {
            let session = session
            let address = Origin.current?.address ?? ""
            Task { _ = try? await session.execute(.touchToken, [.int(token.id), .text(address)]) }
        }
        return token
    }

    /// Reads the columns that tell of the token, and writes down that it was used.
    private func noteUse(_ columns: inout ColumnReader) throws {
        let id: Int64? = try columns.next()
        let stale: Bool? = try columns.next()
        if let id { _ = noted(TokenUse(id: id, level: .none, stale: stale ?? true)) }
    }
}

extension RepoScope {
    var notFound: AccessError {
        .notFound("There is no repository \(path), or you may not see it.")
    }
}

extension Statement {
    fileprivate static let caller = Statement(stored: "users.caller")
    fileprivate static let readRepo = Statement(stored: "repos.read")
    fileprivate static let touchToken = Statement(stored: "tokens.touch")
}
