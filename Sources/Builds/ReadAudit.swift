package import Store

extension Engine {
    /// The tenants whose entries of the audit the caller may see: only the one named, else all that they administer. nil: all
    /// entries, also those of no tenant.
    ///
    /// Throws `forbidden` for those who administer nothing.
    package func auditedTenants(_ name: TenantName?, for caller: Caller) async throws -> [Int64]? {
        if let name { return [try await administered(name, by: caller, to: "read its audit")] }
        if caller.isAdministrator { return nil }
        let tenants = try await store.administeredTenants(of: caller, limit: Self.mostAuditedTenants)
        guard !tenants.isEmpty else {
            throw AccessError.forbidden("Only administrators, of the server or of a tenant, may read the audit.")
        }
        return tenants
    }

    /// One page reads an index range of each.
    private static let mostAuditedTenants = 200
}
