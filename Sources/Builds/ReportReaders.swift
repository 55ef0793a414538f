import Core
import Postgres
package import Store

extension Operations {
    /// Lets a login read reports of a tenant; nil: of all. Answers whether the login was made, with that password; one that
    /// is there already keeps its own.
    ///
    /// For the owner of the schema, who may make roles. Throws `notFound` for a tenant that is not there, `conflict` for a
    /// login that Skep or its database is run with.
    package func grantReports(to login: String, of name: TenantName?, password: String?, _ limits: ReaderLimits)
        async throws -> Bool
    {
        do {
            return try await store.transaction { store, _ in
                let tenant = if let name { try await store.tenant(named: name) } else { Tenant?.none }
                let isNew = try await store.grantReader(login, tenantID: tenant?.id, password: password, limits)
                let fields: AuditFields = [
                    "tenant": .init(tenant?.name), "read_only": .bool(limits.isReadOnly), "created": .bool(isNew),
                ]
                try await store.record(
                    AuditEntry(by: actor, tenantID: tenant?.id, "report.grant", login, after: fields))
                return isNew
            }
        } catch let error as PostgresError {
            throw refusal(error, login) ?? error
        }
    }

    /// Takes it back. Answers whether the login reads nothing any more. Throws `notFound` where there is nothing to take.
    package func revokeReports(from login: String, of name: TenantName?) async throws -> Bool {
        do {
            return try await store.transaction { store, _ in
                let tenant = if let name { try await store.tenant(named: name) } else { Tenant?.none }
                let isLast = try await store.revokeReader(login, tenantID: tenant?.id)
                let fields: AuditFields = ["tenant": .init(tenant?.name)]
                try await store.record(
                    AuditEntry(by: actor, tenantID: tenant?.id, "report.revoke", login, before: fields))
                return isLast
            }
        } catch let error as PostgresError {
            throw refusal(error, login) ?? error
        }
    }

    /// What the functions of `ci_report` and the making of roles are refused for.
    private func refusal(_ error: PostgresError, _ login: String) -> (any Error)? {
        switch error.sqlState {
        // wrong_object_type, no_data_found, invalid_name, reserved_name, insufficient_privilege
        case "42809": Refusal.conflict("\(login) is a role that Skep or its database is run with.")
        case "P0002": AccessError.notFound("\(login) has no such right.")
        case "42602", "42939": Refusal.invalid("\(login) cannot be a login.")
        case "42501":
            Refusal.conflict(
                "This role may not do that: use the URL of the schema's owner, who may make roles.")
        default: nil
        }
    }
}
