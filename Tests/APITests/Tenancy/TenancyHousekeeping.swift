import Builds
import Core
import Postgres
import TestSupport

// What a server does by itself: for one tenant at a time here, so that the others must stay as they are.
extension TenancyWalk {
    /// Rescues the jobs of one tenant whose agents were lost, and erases a deleted repository of another.
    func keepHouse() async throws {
        // Jobs that were claimed and not begun would be rescued on the way, whosever they are.
        _ = try await world.run(
            """
            with kept as (update leases set expires_at = 'infinity' returning id) select count(*) from kept
            """)
        try await world.server.engine.keepHouse()
        for tenant in world.sorted(world.model.tenants) {
            try await expect(changesOnlyOf: [.tenant(tenant.id)], "rescuing jobs") {
                _ = try await world.run(
                    """
                    with lost as (
                        update leases l set expires_at = '-infinity' from queue q
                        where q.id = l.id and q.tenant_id = $1
                        returning l.id
                    ) select count(*) from lost
                    """, [.int(tenant.id)])
                _ = try await world.server.engine.rescueJobs()
                try await world.server.engine.keepHouse()
            }
        }
        for repo in world.sorted(world.model.repos) {
            // Scopes of tokens go with the repository that they are on.
            let scoped = world.model.tokens.values.filter { token in token.scopes.contains { $0.repoID == repo.id } }
            let owners = scoped.compactMap { $0.accountID.flatMap { world.model.accounts[$0]?.owner } }
            try await expect(changesOnlyOf: Set(owners + [.tenant(repo.tenantID)]), "erasing a repository") {
                let path = "/api/repos/\(repo.path)"
                let reply = try await world.server.request("DELETE", path, token: world.server.rootToken)
                try check(reply.status == 204, reply.text)
                try await world.server.engine.keepHouse()
            }
            let rows = try await world.run("select count(*) from repositories where id = $1", [.int(repo.id)])
            try check(rows == 0, "\(repo.path) was not erased")
        }
    }

    private func expect(
        changesOnlyOf owners: Set<TenancyOwner>, _ what: String, _ act: () async throws -> Void
    ) async throws {
        let before = try await TenancyPrint.take(world.server.database)
        try await act()
        let others = try await TenancyPrint.take(world.server.database).changes(since: before).subtracting(owners)
        try check(others.isEmpty, "\(what) of \(owners) changed rows of \(others)")
    }
}
