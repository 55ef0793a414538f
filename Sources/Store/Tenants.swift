package import Core
import Postgres

/// A tenant, and what a caller is in it.
package struct TenantRole: Sendable, Hashable {
    package var tenantID: Int64
    /// `none` for somebody who is no member; administrators of the server are `admin`. Never more than the token may.
    package var role: Level
}

extension Store {
    package func findTenant(forge: String?, name: String) async throws -> Tenant? {
        try await session.first(.findTenant, [.text(forge), .text(name)]).map(Tenant.init(row:))
    }

    /// nil: there is no such tenant.
    package func tenantRole(forge: String?, name: String, of caller: Caller) async throws -> TenantRole? {
        guard let row = try await session.first(.tenantRole, [.text(forge), .text(name), .int(caller.token.id)]) else {
            return nil
        }
        var columns = row.columns
        return TenantRole(
            tenantID: try columns.next(), role: try columns.next(String?.self).flatMap(Level.init(rawValue:)) ?? .none)
    }

    /// Finds or makes the tenant.
    package func ensureTenant(forgeID: Int64, forgeOwnerID: String, name: String) async throws -> Tenant {
        let parameters: [Parameter] = [.int(forgeID), .text(forgeOwnerID), .text(name)]
        guard let row = try await session.first(.ensureTenant, parameters) else {
            throw AccessError.notFound("There is no such forge.")
        }
        return try Tenant(row: row)
    }

    /// Members by login, those after `login` in that order.
    package func members(tenantID: Int64, after login: String, limit: Int) async throws -> [Member] {
        try await session.query(.members, [.int(tenantID), .text(login), .int(limit)]).map(Member.init(row:))
    }

    package func member(tenantID: Int64, login: String) async throws -> Member? {
        try await session.first(.member, [.int(tenantID), .text(login)]).map(Member.init(row:))
    }

    package func putMember(tenantID: Int64, userID: Int64, role: Level) async throws {
        _ = try await session.execute(.putMember, [.int(tenantID), .int(userID), .text(role.rawValue)])
    }

    /// False: there was no such member.
    package func deleteMember(tenantID: Int64, login: String) async throws -> Bool {
        try await session.execute(.deleteMember, [.int(tenantID), .text(login)]) > 0
    }
}

extension Tenant {
    init(row: Row) throws {
        var columns = row.columns
        self.init(id: try columns.next(), forgeID: try columns.next(), name: try columns.next())
    }
}

extension Member {
    init(row: Row) throws {
        var columns = row.columns
        self.init(login: try columns.next(), role: Level(rawValue: try columns.next()) ?? .none)
    }
}

extension Statement {
    fileprivate static let findTenant = Statement(stored: "tenants.find")
    fileprivate static let tenantRole = Statement(stored: "tenants.role")
    fileprivate static let ensureTenant = Statement(stored: "tenants.ensure")
    fileprivate static let members = Statement(stored: "tenants.members")
    fileprivate static let member = Statement(stored: "tenants.member")
    fileprivate static let putMember = Statement(stored: "tenants.put_member")
    fileprivate static let deleteMember = Statement(stored: "tenants.delete_member")
}
