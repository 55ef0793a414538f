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

    /// Tenants of which the caller sees anything, with their role, those with an id above `id`, by id.
    package func tenants(of caller: Caller, after id: Int64, limit: Int) async throws -> [(TenantRecord, role: Level)] {
        let statement: Statement = caller.user.admin ? .allTenants : .tenantsOfMember
        return try await session.query(statement, [.int(caller.token.id), .int(id), .int(limit)]).map { row in
            var columns = row.columns
            let tenant = try TenantRecord(from: &columns)
            return (tenant, Level(rawValue: try columns.next()) ?? .none)
        }
    }

    package func tenant(id: Int64) async throws -> TenantRecord? {
        try await session.first(.readTenant, [.int(id)]).map(TenantRecord.init(row:))
    }

    /// Locks the tenant until the transaction ends: its limits then hold exactly.
    package func lockTenant(id: Int64) async throws -> TenantRecord? {
        try await session.first(.lockTenant, [.int(id)]).map(TenantRecord.init(row:))
    }

    package func updateTenant(id: Int64, _ change: TenantChange) async throws -> TenantRecord? {
        let parameters: [Parameter] = [
            .int(id), .text(change.displayName), .int(change.maximumRepositories), .int(change.maximumTimeout),
            .int(change.defaultTimeout), .bool(change.allowPullRequests), .bool(change.allowPushes),
            .bool(change.allowDeployments), .bool(change.allowTags), .int(change.maximumRunning),
        ]
        return try await session.first(.updateTenant, parameters).map(TenantRecord.init(row:))
    }

    /// How many active repositories a tenant has.
    package func repositoryCount(tenantID: Int64) async throws -> Int {
        try await session.first(.countRepositories, [.int(tenantID)])?.decode(at: 0) ?? 0
    }

    /// Finds or makes the tenant.
    package func ensureTenant(forgeID: Int64, forgeOwnerID: String, name: String) async throws -> (
        tenant: Tenant, isNew: Bool
    ) {
        let parameters: [Parameter] = [.int(forgeID), .text(forgeOwnerID), .text(name)]
        guard let row = try await session.first(.ensureTenant, parameters) else {
            throw AccessError.notFound("There is no such forge.")
        }
        return (try Tenant(row: row), try row.decode(at: 3))
    }

    /// Members by login, those after `login` in that order.
    package func members(tenantID: Int64, after login: String, limit: Int) async throws -> [Member] {
        try await session.query(.members, [.int(tenantID), .text(login), .int(limit)]).map(Member.init(row:))
    }

    package func member(tenantID: Int64, login: String) async throws -> Member? {
        try await session.first(.member, [.int(tenantID), .text(login)]).map(Member.init(row:))
    }

    /// False: the user is a service account of another tenant, or gone.
    package func putMember(tenantID: Int64, userID: Int64, role: Level) async throws -> Bool {
        try await session.execute(.putMember, [.int(tenantID), .int(userID), .text(role.rawValue)]) > 0
    }

    /// Who was removed. nil: there was no such member.
    package func deleteMember(tenantID: Int64, login: String) async throws -> Member? {
        try await session.first(.deleteMember, [.int(tenantID), .text(login)]).map(Member.init(row:))
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
    fileprivate static let tenantsOfMember = Statement(stored: "tenants.of_member")
    fileprivate static let allTenants = Statement(stored: "tenants.all")
    fileprivate static let readTenant = Statement(stored: "tenants.read")
    fileprivate static let lockTenant = Statement(stored: "tenants.lock")
    fileprivate static let updateTenant = Statement(stored: "tenants.update")
    fileprivate static let countRepositories = Statement(stored: "tenants.count_repositories")
    fileprivate static let ensureTenant = Statement(stored: "tenants.ensure")
    fileprivate static let members = Statement(stored: "tenants.members")
    fileprivate static let member = Statement(stored: "tenants.member")
    fileprivate static let putMember = Statement(stored: "tenants.put_member")
    fileprivate static let deleteMember = Statement(stored: "tenants.delete_member")
}
