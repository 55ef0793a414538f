import Postgres
import Queue
import Synchronization
import TestSupport
import Testing

private final class Claimed: Sendable {
    let ids = Mutex<[Int64]>([])
}

@Suite struct WorkQueueTests {
    private static let linux = #"{"os":"linux"}"#

    @Test func higherPriorityGoesFirstThenTheOlder() async throws {
        try await withQueue { queue in
            for (id, priority) in [(1, 0), (2, 5), (3, 0), (4, 5), (5, -1)] {
                try await queue.enqueue(NewItem(id: Int64(id), classID: 1, tenantID: 1, repoID: 1, priority: priority))
            }
            var order: [Int64] = []
            while let claim = try await queue.claim(labels: Self.linux, holder: 1, tenantID: nil) {
                order.append(claim.id)
            }
            #expect(order == [2, 4, 1, 3, 5])
        }
    }

    /// Classes: 1 asks for nothing, 2 for os=linux, 3 for os=linux and gpu=yes, 4 for os=windows.
    @Test(arguments: [
        ("{}", [1]), (#"{"os":"linux"}"#, [1, 2]), (#"{"os":"linux","gpu":"yes","arch":"arm64"}"#, [1, 2, 3]),
        (#"{"os":"windows","gpu":"yes"}"#, [1, 4]), (#"{"os":["linux"]}"#, [1]),
    ])
    func anAgentGetsWhatItsLabelsContain(labels: String, classes: [Int64]) async throws {
        try await withQueue { queue in
            for id in 1...4 {
                try await queue.enqueue(NewItem(id: Int64(id), classID: Int64(id), tenantID: 1, repoID: 1))
            }
            var claimed: [Int64] = []
            while let claim = try await queue.claim(labels: labels, holder: 1, tenantID: nil) {
                claimed.append(claim.id)
            }
            #expect(claimed == classes)
        }
    }

    /// However much of others' waits before it.
    @Test func aTenantsAgentGetsTheTenantsWorkOnly() async throws {
        try await withQueue { queue in
            for id in 1...100 {
                try await queue.enqueue(NewItem(id: Int64(id), classID: 1, tenantID: 1, repoID: 1, priority: 9))
            }
            try await queue.enqueue(NewItem(id: 101, classID: 1, tenantID: 2, repoID: 2))
            #expect(try await queue.claim(labels: "{}", holder: 1, tenantID: 2)?.id == 101)
            #expect(try await queue.claim(labels: "{}", holder: 1, tenantID: 2) == nil)
            #expect(try await queue.claim(labels: "{}", holder: 1, tenantID: 3) == nil)
            #expect(try await queue.claim(labels: "{}", holder: 1, tenantID: nil)?.id == 1)
        }
    }

    @Test(.timeLimit(.minutes(10))) func aThousandItemsAreClaimedOnceEach() async throws {
        try await withMigratedDatabase { url, database in
            try await Self.makeClasses(database)
            let queue = WorkQueue(database)
            for id in 1...1000 {
                try await queue.enqueue(NewItem(id: Int64(id), classID: Int64(id % 3 + 1), tenantID: 1, repoID: 1))
            }
            let claimed = Claimed()
            try await withPool(url) { other in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for holder in 0..<20 {
                        group.addTask {
                            let queue = WorkQueue(holder.isMultiple(of: 2) ? database : other)
                            while claimed.ids.withLock({ $0.count }) < 1000 {
                                let claim = try await queue.claim(
                                    labels: #"{"os":"linux","gpu":"yes"}"#, holder: Int64(holder), tenantID: nil)
                                guard let claim else { continue }
                                claimed.ids.withLock { $0.append(claim.id) }
                                #expect(try await queue.finish(claim))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(claimed.ids.withLock { $0.sorted() } == Array(1...1000))
            #expect(try await queue.claim(labels: Self.linux, holder: 1, tenantID: nil) == nil)
        }
    }

    @Test func attemptsFence() async throws {
        try await withQueue { queue, database in
            try await queue.enqueue(NewItem(id: 1, classID: 1, tenantID: 1, repoID: 1, attempt: 4))
            let first = try #require(try await queue.claim(labels: "{}", holder: 1, tenantID: nil))
            #expect(first == Claim(id: 1, attempt: 5))
            #expect(try await queue.release(first, lost: false))
            #expect(try await !queue.renew(first, seconds: 30))
            #expect(try await !queue.finish(first))
            #expect(try await !queue.release(first, lost: true))
            let second = try #require(try await queue.claim(labels: "{}", holder: 2, tenantID: nil))
            #expect(second.attempt == 6)
            #expect(try await !queue.renew(first, seconds: 30))
            #expect(try await !queue.finish(first))
            #expect(try await !queue.release(first, lost: true))
            #expect(try await database.transaction { try await !WorkQueue($0).hold(first) })
            #expect(try await database.transaction { try await WorkQueue($0).hold(second) })
            #expect(try await queue.renew(second, seconds: 30))
            #expect(try await queue.finish(second))
            #expect(try await !queue.finish(second))
            #expect(try await !queue.renew(second, seconds: 30))
        }
    }

    @Test func anExpiredLeaseIsTakenByOneOfMany() async throws {
        try await withQueue { queue, database in
            try await queue.enqueue(NewItem(id: 1, classID: 1, tenantID: 1, repoID: 1))
            let claim = try #require(try await queue.claim(labels: "{}", holder: 1, tenantID: nil))
            #expect(try await queue.expired(limit: 10).isEmpty)
            #expect(try await queue.takeExpired(claim) == nil)
            #expect(try await queue.renew(claim, seconds: -1))
            #expect(try await queue.expired(limit: 10) == [claim])
            let taken = try await withThrowingTaskGroup(of: ExpiredLease?.self) { group in
                for _ in 0..<10 { group.addTask { try await queue.takeExpired(claim) } }
                return try await group.reduce(into: [ExpiredLease]()) { if let lease = $1 { $0.append(lease) } }
            }
            #expect(taken.count == 1)
            #expect(taken.first?.started == true && taken.first?.losses == 0)
            #expect(try await queue.release(claim, lost: true))
            let next = try #require(try await queue.claim(labels: "{}", holder: 1, tenantID: nil))
            _ = try await database.execute(
                Statement(
                    name: "test.expire", sql: "update leases set expires_at = clock_timestamp() - interval '1 second'"))
            #expect(try await queue.takeExpired(next).map { [$0.started ? 1 : 0, $0.losses] } == [0, 1])
        }
    }

    @Test func aFirstLeaseIsShort() async throws {
        try await withQueue { queue, database in
            try await queue.enqueue(NewItem(id: 1, classID: 1, tenantID: 1, repoID: 1))
            _ = try await queue.claim(labels: "{}", holder: 1, tenantID: nil)
            let left = Statement(
                name: "test.left", sql: "select extract(epoch from expires_at - clock_timestamp())::float8 from leases")
            let seconds: Double = try #require(try await database.first(left)).decode(at: 0)
            #expect((0...5).contains(seconds))
        }
    }

    /// Somebody claims while somebody else withdraws: one of the two gets it, never both.
    @Test func withdrawingAndClaimingExcludeEachOther() async throws {
        try await withQueue { queue in
            for id in 1...60 {
                try await queue.enqueue(NewItem(id: Int64(id), classID: 1, tenantID: 1, repoID: 1))
                async let withdrawn = queue.withdraw(id: Int64(id))
                async let claimed = queue.claim(labels: "{}", holder: 1, tenantID: nil)
                let (gone, claim) = try await (withdrawn, claimed)
                #expect(gone == (claim == nil))
                #expect(try await !queue.withdraw(id: Int64(id)))
                if let claim { #expect(try await queue.finish(claim)) }
            }
        }
    }

    private func withQueue(_ body: (WorkQueue, Database) async throws -> Void) async throws {
        try await withMigratedDatabase { _, database in
            try await Self.makeClasses(database)
            try await body(WorkQueue(database), database)
        }
    }

    private func withQueue(_ body: (WorkQueue) async throws -> Void) async throws {
        try await withQueue { queue, _ in try await body(queue) }
    }

    private static func makeClasses(_ database: Database) async throws {
        let classes = Statement(
            name: "test.classes",
            sql:
                #"insert into label_classes (labels) values ('{}'), ('{"os":"linux"}'), ('{"os":"linux","gpu":"yes"}'), ('{"os":"windows"}')"#
        )
        _ = try await database.execute(classes)
        // Work is of a repository and of its tenant: 1 of 1, and 2 of 2.
        for sql in [
            "insert into forges (name, kind) values ('git', 'git')",
            "insert into tenants (forge_id, forge_owner_id, name) values (1, 'one', 'one'), (1, 'two', 'two')",
            """
            insert into repositories (
                id, tenant_id, forge_id, forge_repo_id, owner, name, clone_url, default_branch, hook_secret, hook_secret_key
            )
            select id, id, 1, name, name, 'app', '', 'main', '', '' from tenants
            """,
        ] {
            _ = try await database.execute(Statement(name: "test.\(sql.prefix(30))", sql: sql))
        }
    }
}
