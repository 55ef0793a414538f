package import Core
package import Store

extension Engine {
    /// A tenant that the caller sees anything of, and their role in it.
    package func tenant(_ name: TenantName, for caller: Caller) async throws -> (TenantRecord, role: Level) {
        let found = try await store.tenantRole(forge: name.forge, name: name.name, of: caller)
        guard let found, found.role >= .read, let tenant = try await store.tenant(id: found.tenantID) else {
            throw name.notFound
        }
        return (tenant, found.role)
    }

    /// Changes a tenant's name and defaults for its administrators, and its limits for those of the server.
    package func changeTenant(_ name: TenantName, _ change: TenantChange, by caller: Caller) async throws
        -> TenantRecord
    {
        let id = try await administered(name, by: caller, to: "change it")
        try Self.check(change)
        let new = try await store.transaction { store, _ in
            guard let old = try await store.lockTenant(id: id) else { throw name.notFound }
            if !caller.isAdministrator {
                try Self.unchanged("limits.repositories", change.maximumRepositories, old.maximumRepositories)
                try Self.unchanged("limits.timeout", change.maximumTimeout, old.maximumTimeout)
                try Self.unchanged("limits.running", change.maximumRunning, old.maximumRunning)
            }
            let limit = change.maximumTimeout.map { $0 == 0 ? nil : $0 } ?? old.maximumTimeout
            if let timeout = change.defaultTimeout, let limit, timeout > limit {
                throw Refusal.invalid("defaults.timeout must be at most limits.timeout, \(limit) minutes.")
            }
            guard let new = try await store.updateTenant(id: id, change) else { throw name.notFound }
            try await store.record(
                by: caller.actor, tenantID: id, "tenant.update", new.path, from: old.auditFields, to: new.auditFields)
            return new
        }
        if change.maximumRunning != nil { try await recount(tenantID: id) }
        return new
    }

    /// In a transaction: finds the tenant, or makes it.
    func ensureTenant(_ name: String, ownerID: String, on forge: Forges.Entry, by actor: Actor, _ store: Store)
        async throws -> Tenant
    {
        let (tenant, isNew) = try await store.ensureTenant(forgeID: forge.id, forgeOwnerID: ownerID, name: name)
        if isNew {
            let path = forge.isDefault ? name : "\(forge.name):\(name)"
            try await store.record(
                AuditEntry(
                    by: actor, tenantID: tenant.id, "tenant.create", path,
                    after: ["forge": .text(forge.name), "name": .text(name)]))
        }
        return tenant
    }

    private static func check(_ change: TenantChange) throws {
        if let name = change.displayName {
            guard name.unicodeScalars.count <= 200,
                name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0 != "\u{7F}" })
            else { throw Refusal.invalid("display_name must be at most 200 characters, without control characters.") }
        }
        if let most = change.maximumRepositories, !(0...1_000_000).contains(most) {
            throw Refusal.invalid("limits.repositories must be 0 (no limit) to 1000000.")
        }
        if let most = change.maximumTimeout, !(0...Repo.timeouts.upperBound).contains(most) {
            throw Refusal.invalid("limits.timeout must be 0 (no limit) to 1440 minutes.")
        }
        if let most = change.maximumRunning, !(0...1_000_000).contains(most) {
            throw Refusal.invalid("limits.running must be 0 (no limit) to 1000000.")
        }
        if let timeout = change.defaultTimeout, !Repo.timeouts.contains(timeout) {
            throw Refusal.invalid("defaults.timeout must be 1 to 1440 minutes.")
        }
    }

    private static func unchanged(_ field: String, _ new: Int?, _ old: Int?) throws {
        guard new == nil || new == (old ?? 0) else {
            throw AccessError.forbidden("Only administrators of the server may change \(field).")
        }
    }

    /// Throws `conflict` where the tenant has all the repositories it may have. In a transaction; exact until it ends.
    func requireRoom(_ tenantID: Int64, _ store: Store) async throws {
        guard let tenant = try await store.lockTenant(id: tenantID), let most = tenant.maximumRepositories,
            try await store.repositoryCount(tenantID: tenantID) >= most
        else { return }
        throw Refusal.conflict("\(tenant.path) has \(most) active repositories, which is its limit.")
    }

    /// What a tenant used, for its members: the months from `first` to `last`, such as `2026-01`, newest first.
    package func usage(of name: TenantName, from first: String, to last: String, for caller: Caller) async throws
        -> [MonthOfUse]
    {
        let tenant = try await tenant(name, for: caller).0
        return try await store.usage(tenantID: tenant.id, from: first, to: last)
    }

    /// Adds up what was used since the last time.
    package func foldUsage() async throws {
        while try await store.foldUsage() == 10_000 {}
    }
}

extension TenantRecord {
    var auditFields: AuditFields {
        [
            "display_name": .text(displayName), "limits.repositories": .init(maximumRepositories),
            "limits.timeout": .init(maximumTimeout), "limits.running": .init(maximumRunning),
            "defaults.timeout": .init(defaultTimeout),
            "defaults.allow_pr": .bool(allows.pullRequests), "defaults.allow_push": .bool(allows.pushes),
            "defaults.allow_deploys": .bool(allows.deployments), "defaults.allow_tags": .bool(allows.tags),
        ]
    }
}
