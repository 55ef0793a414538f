import Core
import Postgres
import Queue
import TestSupport
import Testing

/// Whose turn it is, and what limits hold back.
@Suite struct FairnessTests {
    private static let any = #"{"os":"linux"}"#

    /// Tenant 1 has a hundred items waiting when tenant 2 comes with one: it is next.
    @Test func aNewcomerIsNext() async throws {
        try await withQueue { queue, database in
            for id in 1...100 { try await queue.enqueue(.of(tenant: 1, id)) }
            for id in 1...10 {
                #expect(try await queue.claim(labels: Self.any, holder: 1, tenantID: nil)?.id == Int64(id))
            }
            try await database.noteTheTurn()
            try await queue.enqueue(.of(tenant: 2, 200))
            #expect(try await queue.claim(labels: Self.any, holder: 1, tenantID: nil)?.id == 11)
            #expect(try await queue.claim(labels: Self.any, holder: 1, tenantID: nil)?.id == 200)
        }
    }

    @Test func tenantsTakeTurns() async throws {
        try await withQueue { queue, _ in
            for id in 1...6 { try await queue.enqueue(.of(tenant: 1, id)) }
            for id in 11...13 { try await queue.enqueue(.of(tenant: 2, id)) }
            var order: [Int64] = []
            while let claim = try await queue.claim(labels: Self.any, holder: 1, tenantID: nil) {
                order.append(claim.id)
            }
            #expect(order == [1, 11, 2, 12, 3, 13, 4, 5, 6])
        }
    }

    /// However the floor moves, everything is claimed once.
    @Test func theFloorPassesNothing() async throws {
        try await withQueue { queue, database in
            var claimed: [Int64] = []
            for round in 0..<20 {
                for id in 1...5 { try await queue.enqueue(.of(tenant: round % 2 + 1, round * 10 + id)) }
                for _ in 1...4 {
                    if let claim = try await queue.claim(labels: Self.any, holder: 1, tenantID: nil) {
                        claimed.append(claim.id)
                        if claim.id % 3 == 0 {
                            #expect(try await queue.release(claim, lost: false))
                            claimed.removeLast()
                        } else {
                            #expect(try await queue.finish(claim))
                        }
                    }
                }
                try await database.noteTheTurn()
                try await queue.moveFloors()
            }
            while let claim = try await queue.claim(labels: Self.any, holder: 1, tenantID: nil) {
                claimed.append(claim.id)
                #expect(try await queue.finish(claim))
            }
            #expect(claimed.count == 100 && Set(claimed).count == 100)
        }
    }

    /// What was enqueued so slowly that the floor has gone by, and what an earlier server wrote, is found again.
    @Test func whatIsBelowTheFloorIsBroughtUp() async throws {
        try await withQueue { queue, database in
            for id in 1...3 { try await queue.enqueue(.of(tenant: 1, id)) }
            try await database.run("update queue_clocks set turn = 50, previous = 50, floor = 50")
            try await database.run(
                "insert into queue (id, class_id, tenant_id, repo_id, priority) values (9, 1, 1, 1, 7)")
            #expect(try await queue.claim(labels: Self.any, holder: 1, tenantID: nil) == nil)
            try await queue.bringUp()
            var ids: Set<Int64> = []
            while let claim = try await queue.claim(labels: Self.any, holder: 1, tenantID: nil) { ids.insert(claim.id) }
            #expect(ids == [1, 2, 3, 9])
        }
    }

    @Test func aPausedAgentGetsNothing() async throws {
        try await withQueue { queue, database in
            try await queue.enqueue(.of(tenant: 1, 1))
            try await database.run("update agents set paused = true")
            #expect(try await queue.claim(labels: Self.any, holder: 1, tenantID: nil) == nil)
            try await database.run("update agents set paused = false")
            #expect(try await queue.claim(labels: Self.any, holder: 1, tenantID: nil)?.id == 1)
        }
    }

    @Test func aTenantsLimitIsKept() async throws {
        try await withQueue { queue, database in
            try await database.run("update tenants set max_running_jobs = 2 where id = 1")
            for id in 1...5 { try await queue.enqueue(.of(tenant: 1, id)) }
            #expect(try await queue.claim(labels: Self.any, holder: 1, tenantID: nil) == nil)
            #expect(try await queue.tenantsHeld() == [1])
            #expect(try await database.admit() == 2)
            let first = try #require(try await queue.claim(labels: Self.any, holder: 1, tenantID: nil))
            let second = try #require(try await queue.claim(labels: Self.any, holder: 1, tenantID: nil))
            #expect([first.id, second.id] == [1, 2])
            #expect(try await database.admit() == 0)
            #expect(try await database.holds() == [3: "tenant", 4: "tenant", 5: "tenant"])
            #expect(try await queue.finish(second))
            #expect(try await database.admit() == 1)
            #expect(try await queue.claim(labels: Self.any, holder: 1, tenantID: nil)?.id == 3)
            // A raised limit, and none at all.
            try await database.run("update tenants set max_running_jobs = null")
            #expect(try await database.admit() == 2)
        }
    }

    @Test func groupsAndRepositoriesAreLimited() async throws {
        try await withQueue { queue, database in
            let deploy = ConcurrencyGroup(name: "deploy", limit: 1)
            for id in 1...3 { try await queue.enqueue(.of(tenant: 1, id, group: deploy)) }
            try await queue.enqueue(.of(tenant: 1, 4))
            #expect(try await database.admit() == 1)
            #expect(try await database.holds() == [2: "group", 3: "group"])
            try await database.run("update repositories set max_running_jobs = 1 where id = 1")
            try await queue.holdReady(tenantID: 1)
            #expect(try await database.admit() == 1)
            #expect(try await database.holds() == [2: "group", 3: "group", 4: "repository"])
        }
    }

    /// Jobs that nobody can run do not fill up a tenant's limit.
    @Test func whatNoAgentCanRunTakesNobodysPlace() async throws {
        try await withQueue { queue, database in
            try await database.run("update tenants set max_running_jobs = 1 where id = 1")
            try await queue.enqueue(.of(tenant: 1, 1, class: 4))
            try await queue.enqueue(.of(tenant: 1, 2))
            #expect(try await database.admit() == 1)
            #expect(try await database.holds() == [1: "agent"])
            #expect(try await queue.claim(labels: Self.any, holder: 1, tenantID: nil)?.id == 2)
        }
    }

    private func withQueue(_ body: (WorkQueue, Database) async throws -> Void) async throws {
        try await withMigratedDatabase { _, database in
            for sql in [
                #"insert into label_classes (labels) values ('{}'), ('{"os":"linux"}'), ('{"gpu":"yes"}'), ('{"os":"windows"}')"#,
                "insert into forges (name, kind) values ('git', 'git')",
                "insert into tenants (forge_id, forge_owner_id, name) values (1, 'one', 'one'), (1, 'two', 'two')",
                """
                insert into repositories (
                    id, tenant_id, forge_id, forge_repo_id, owner, name, clone_url, default_branch, hook_secret, hook_secret_key
                )
                select id, id, 1, name, name, 'app', '', 'main', '', '' from tenants
                """,
                "insert into agent_tokens (name, hash) values ('', sha256('one'))",
                #"insert into agents (token_id, name, labels, version) values (1, 'one', '{"os":"linux"}', 1)"#,
            ] {
                try await database.run(sql)
            }
            try await body(WorkQueue(database), database)
        }
    }
}

extension NewItem {
    fileprivate static func of(tenant: Int, _ id: Int, class classID: Int64 = 1, group: ConcurrencyGroup? = nil)
        -> NewItem
    {
        NewItem(id: Int64(id), classID: classID, tenantID: Int64(tenant), repoID: Int64(tenant), group: group)
    }
}

extension Database {
    fileprivate func run(_ sql: String) async throws {
        _ = try await execute(Statement(name: "test.\(sql.prefix(40))", sql: sql))
    }

    /// As the next claim of a second later would.
    fileprivate func noteTheTurn() async throws {
        try await run(
            """
            update queue_clocks k set turn = greatest(k.turn, coalesce(
                (select min(q.turn) - 1 from queue q where q.class_id = k.class_id and not q.leased), k.turn))
            """)
    }

    fileprivate func admit() async throws -> Int {
        try await transaction { try await WorkQueue($0).admit(tenantID: 1) }
    }

    fileprivate func holds() async throws -> [Int64: String] {
        let rows = try await query(
            Statement(name: "test.holds", sql: "select id, hold::text from queue where hold is not null"))
        return try Dictionary(
            uniqueKeysWithValues: rows.map { row in
                var columns = row.columns
                return (try columns.next(Int64.self), try columns.next(String.self))
            })
    }
}
