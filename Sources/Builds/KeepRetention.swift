package import Core
import Logging
package import Store

/// Removes what the rules let go, logs before rows.
package struct Retention: Sendable {
    /// What a statement may take before the next one is made smaller: whoever waits for one of its rows waits that long.
    private static let goal = Duration.milliseconds(25)

    private let store: Store

    package init(store: Store) {
        self.store = store
    }

    /// What would go, of all repositories.
    package func estimate() async throws -> Removal {
        var sum = Removal()
        try await eachRepo { repoID in
            var number: Int64? = 0
            while let first = number {
                try Task.checkCancellation()
                let (removal, last) = try await store.transaction { store, _ in
                    try await store.estimateRemoval(repoID: repoID, after: first)
                }
                sum += removal
                number = last
            }
        }
        return sum
    }

    /// Removes it, in small transactions. Of two that do it at once, each takes other rows.
    package func run() async throws -> Removal {
        var sum = Removal()
        try await eachRepo { repoID in
            var number: Int64? = 0
            while let first = number {
                // Before the removal: the builds that are left are fewer.
                number = try await store.lastLookedAt(repoID: repoID, after: first)
                sum.logs += try await inBatches { store, most in
                    try await store.removeLogs(repoID: repoID, after: first, most: most)
                }
                sum.builds += try await inBatches { store, most in
                    try await store.removeBuilds(repoID: repoID, after: first, most: most)
                }
            }
        }
        while try await store.dropEmptyPartitions() > 0 {}
        return sum
    }

    private func eachRepo(_ body: (Int64) async throws -> Void) async throws {
        var last: Int64 = 0
        while true {
            let repos = try await store.reposWithRetention(after: last, limit: 200)
            for repo in repos { try await body(repo) }
            guard let id = repos.last else { return }
            last = id
        }
    }

    /// Until less than was allowed is found. What took long is followed by half as much, and by a pause.
    private func inBatches(_ body: @escaping @Sendable (Store, Int) async throws -> Int) async throws -> Int {
        var removed = 0
        var most = 10
        while true {
            try Task.checkCancellation()
            let allowed = most
            let began = ContinuousClock.now
            let count = try await store.transaction { store, _ in try await body(store, allowed) }
            let took = began.duration(to: .now)
            removed += count
            guard count == allowed else { return removed }
            most = took > Self.goal ? max(1, most / 2) : min(50, most + 5)
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

extension Engine {
    /// Removes builds and logs that the rules let go.
    package func keepRetention() async throws {
        let removed = try await Retention(store: store).run()
        guard removed.logs + removed.builds > 0 else { return }
        logger.info(
            "builds and logs were removed", metadata: ["builds": "\(removed.builds)", "logs": "\(removed.logs)"])
    }
}

extension Operations {
    /// Replaces the rule of a repository, of a tenant or, with neither, of the server; an empty one removes it.
    package func setRetention(_ rule: RetentionRule, tenant: TenantName?, repository path: RepoPath?) async throws {
        try await store.transaction { store, _ in
            let (tenantID, repoID, object) = try await place(tenant, path, store)
            try await store.setRetention(rule, tenantID: tenantID, repoID: repoID)
            let fields: AuditFields = [
                "build_days": .init(rule.buildDays), "build_count": .init(rule.buildCount),
                "log_days": .init(rule.logDays), "log_bytes": .init(rule.logBytes.map { Int($0) }),
            ]
            try await store.record(
                AuditEntry(by: actor, tenantID: tenantID, "retention.set", object, after: fields))
        }
    }

    private func place(_ name: TenantName?, _ path: RepoPath?, _ store: Store) async throws -> (
        tenantID: Int64?, repoID: Int64?, object: String
    ) {
        if let path {
            let repo = try await store.repo(named: path)
            return (repo.tenantID, repo.id, "\(path)")
        }
        guard let name else { return (nil, nil, "server") }
        let tenant = try await store.tenant(named: name)
        return (tenant.id, nil, tenant.name)
    }
}
