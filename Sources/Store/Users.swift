package import Core
import Postgres
import Sealing

/// What to change of a user; nil leaves it as it is.
package struct UserChange: Sendable {
    package var email: String?
    package var admin: Bool?
    package var active: Bool?

    package init(email: String? = nil, admin: Bool? = nil, active: Bool? = nil) {
        self.email = email
        self.admin = admin
        self.active = active
    }
}

extension Store {
    package func findUser(_ login: String) async throws -> User? {
        try await session.first(.findUser, [.text(login)]).map(User.init(row:))
    }

    /// Users by login, those after `login` in that order.
    package func users(all: Bool, after login: String, limit: Int) async throws -> [User] {
        try await session.query(all ? .allUsers : .activeUsers, [.text(login), .int(limit)]).map(User.init(row:))
    }

    /// nil: somebody has that login, in some case.
    package func createUser(login: String, email: String, admin: Bool, active: Bool = true, avatar: String? = nil)
        async throws -> User?
    {
        let avatar = avatar ?? Gravatar.url(email: email)
        let parameters: [Parameter] = [.text(login), .text(email), .text(avatar), .bool(admin), .bool(active)]
        return try await session.first(.createUser, parameters).map(User.init(row:))
    }

    /// nil: the login is taken.
    package func createServiceAccount(tenantID: Int64, login: String) async throws -> User? {
        try await session.first(.createServiceAccount, [.int(tenantID), .text(login)]).map(User.init(row:))
    }

    /// A tenant's service accounts and their roles by login, those after `login` in that order.
    package func serviceAccounts(tenantID: Int64, after login: String, limit: Int) async throws -> [(
        user: User, role: Level
    )] {
        try await session.query(.serviceAccounts, [.int(tenantID), .text(login), .int(limit)]).map { row in
            var columns = row.columns
            let user = try User(from: &columns)
            return (user, try columns.next(String?.self).flatMap(Level.init(rawValue:)) ?? .none)
        }
    }

    /// Locks the account until the transaction ends. nil: the tenant has none of that login.
    package func lockServiceAccount(tenantID: Int64, login: String) async throws -> User? {
        try await session.first(.lockServiceAccount, [.int(tenantID), .text(login)]).map(User.init(row:))
    }

    /// The picture follows the e-mail. nil: the user is gone.
    package func updateUser(id: Int64, _ change: UserChange) async throws -> User? {
        let parameters: [Parameter] = [
            .int(id), .text(change.email), .text(change.email.map(Gravatar.url)), .bool(change.admin),
            .bool(change.active),
        ]
        return try await session.first(.updateUser, parameters).map(User.init(row:))
    }

    /// Locks the user's row until the transaction ends.
    package func lockUser(_ login: String) async throws -> User? {
        try await session.first(.lockUser, [.text(login)]).map(User.init(row:))
    }

    /// The ids of all active administrators, locked until the transaction ends, so that two cannot remove each other at once.
    package func lockAdministrators() async throws -> [Int64] {
        try await session.query(.lockAdministrators, []).map { try $0.decode(at: 0) }
    }

    /// Their tokens, memberships and permissions go with them.
    package func deleteUser(id: Int64) async throws {
        _ = try await session.execute(.deleteUser, [.int(id)])
    }
}

package enum Gravatar {
    /// The picture of an e-mail address: MD5 of it in lower case, as gravatar.com asks for. Empty for none.
    package static func url(email: String) -> String {
        email.isEmpty ? "" : "http://www.gravatar.com/avatar/" + Digest.md5(email.lowercased().utf8).hex
    }
}

extension User {
    static let columnCount = 8

    init(from columns: inout ColumnReader) throws {
        self.init(
            id: try columns.next(), login: try columns.next(), email: try columns.next(), avatarURL: try columns.next(),
            admin: try columns.next(), active: try columns.next(), createdAt: try columns.next(),
            tenantID: try columns.next())
    }

    init(row: Row) throws {
        var columns = row.columns
        try self.init(from: &columns)
    }
}

extension Statement {
    fileprivate static let findUser = Statement(stored: "users.find")
    fileprivate static let allUsers = Statement(stored: "users.list_all")
    fileprivate static let activeUsers = Statement(stored: "users.list_active")
    fileprivate static let createUser = Statement(stored: "users.create")
    fileprivate static let createServiceAccount = Statement(stored: "users.create_service_account")
    fileprivate static let serviceAccounts = Statement(stored: "users.service_accounts")
    fileprivate static let lockServiceAccount = Statement(stored: "users.lock_service_account")
    fileprivate static let updateUser = Statement(stored: "users.update")
    fileprivate static let lockUser = Statement(stored: "users.lock")
    fileprivate static let lockAdministrators = Statement(stored: "users.lock_administrators")
    fileprivate static let deleteUser = Statement(stored: "users.delete")
}
