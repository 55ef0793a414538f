import Core
package import FoundationEssentials
import Postgres

/// An entry of the audit as lists show it.
package struct AuditRecord: Sendable, Hashable, Identifiable {
    package var id: Int64
    package var at: Date
    /// As in a URL; nil where it was of the server, or the tenant is gone.
    package var tenant: String?
    package var actorKind: Actor.Kind
    package var actor: String
    package var tokenID: Int64?
    package var address: String
    package var action: String
    package var object: String
    /// JSON objects.
    package var before: String?
    package var after: String?
    package var requestID: String

    /// nil where the row of an outer join has no entry.
    static func optional(from columns: inout ColumnReader) throws -> AuditRecord? {
        guard let id: Int64 = try columns.next() else { return nil }
        return try AuditRecord(id: id, from: &columns)
    }

    private init(id: Int64, from columns: inout ColumnReader) throws {
        self.id = id
        at = try columns.next()
        tenant = try columns.next()
        actorKind = Actor.Kind(rawValue: try columns.next()) ?? .unknown
        actor = try columns.next()
        tokenID = try columns.next()
        address = try columns.next()
        action = try columns.next()
        object = try columns.next()
        before = try columns.next()
        after = try columns.next()
        requestID = try columns.next()
    }
}

/// Which entries of the audit to list.
package struct AuditFilter: Sendable {
    /// Only lower ids.
    package var before: Int64 = .max
    package var limit = 50
    /// A login or other name, in any case.
    package var actor: String?
    package var action: String?

    package init() {}

    /// How many entries one page looks at: what is filtered is bounded too.
    fileprivate var window: Int { actor == nil && action == nil ? limit : 500 }

    fileprivate var parameters: [Parameter] { [.int(before), .int(limit), .int(window), .text(actor), .text(action)] }
}

/// Entries, newest first.
package struct AuditPage: Sendable {
    package var entries: [AuditRecord]
    /// Where the next page is to start; nil: there is none.
    package var next: Int64?
}

extension Store {
    /// Entries of these tenants, or of everything where `tenantIDs` is nil.
    package func audit(tenantIDs: [Int64]?, _ filter: AuditFilter) async throws -> AuditPage {
        let rows =
            if let tenantIDs {
                try await session.query(.auditOfTenants, filter.parameters + [.ints(tenantIDs)])
            } else {
                try await session.query(.auditOfServer, filter.parameters)
            }
        var lowest: Int64?
        var seen = 0
        let entries = try rows.compactMap { row in
            var columns = row.columns
            lowest = try columns.next()
            seen = try columns.next()
            return try AuditRecord.optional(from: &columns)
        }
        if entries.count == filter.limit { return AuditPage(entries: entries, next: entries.last?.id) }
        return AuditPage(entries: entries, next: seen == filter.window ? lowest : nil)
    }

    /// Ids of tenants that the caller administers, as far as the token goes.
    package func administeredTenants(of caller: Caller, limit: Int) async throws -> [Int64] {
        try await session.query(.administeredTenants, [.int(caller.token.id), .int(limit)]).map { try $0.decode(at: 0) }
    }
}

extension Statement {
    fileprivate static let auditOfServer = Statement(stored: "audit.of_server")
    fileprivate static let auditOfTenants = Statement(stored: "audit.of_tenants")
    fileprivate static let administeredTenants = Statement(stored: "audit.administered")
}
