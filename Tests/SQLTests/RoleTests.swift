import AgentProtocol
import Builds
import Core
import Forge
import Foundation
import LogStream
import Postgres
import Queue
import SQL
import Sealing
import Store
import TestSupport
import Testing

/// The schema is migrated by its owner, who is no superuser, and used by a server that may change rows and nothing else.
@Suite struct RoleTests {
    @Test func aServerRunsOnRowsAlone() async throws {
        try await withRoles { roles in
            try await Walk.everyStep(Database(DatabaseConfiguration(url: roles.server), logger: .silent))
        }
    }

    @Test(arguments: [
        "drop table builds", "create table mine (id bigint)", "alter table builds add column mine text",
        "truncate builds",
        "create index on builds (commit)", "drop function make_partitions(date, integer)",
        "create function f() returns int language sql as 'select 1'",
        "alter role skep_server superuser", "create role other", "create schema mine",
        "create trigger t before insert on builds for each row execute function f()",
        "update skep_migrations set name = 'x'", "delete from skep_migrations",
        "insert into skep_migrations (number, name, checksum) values (99, 'x', 'x')", "drop table deliveries_default",
        "alter table queue disable trigger all", "comment on table builds is 'mine'", "create view v as select 1",
    ])
    func aServerChangesNoSchema(sql: String) async throws {
        try await withRoles { roles in
            let database = Database(DatabaseConfiguration(url: roles.server), logger: .silent)
            let error = await #expect(throws: PostgresError.self) {
                try await database.execute(Statement(name: "test.forbidden", sql: sql))
            }
            // 42501: insufficient privilege. What is not there for a function is said before that.
            #expect(
                error?.sqlState == "42501" || sql.contains("trigger t") && error?.sqlState == "42883",
                "\(sql): \(error?.debugDescription ?? "")")
            await database.close()
        }
    }

    /// The partitions belong to the owner, whoever asked for them.
    @Test func partitionsAreMadeOnceByManyAtOnce() async throws {
        try await withRoles { roles in
            let database = Database(DatabaseConfiguration(url: roles.server), logger: .silent)
            let make = Statement(name: "test.make", sql: "select make_partitions('2030-01-01', 7)")
            let made = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<10 { group.addTask { try await database.first(make)?.decode(at: 0) ?? -1 } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(made.sorted() == Array(repeating: 0, count: 9) + [21])
            let owners = Statement(
                name: "test.owners",
                sql:
                    "select count(*) from pg_tables where tablename ~ '_2030010[1-7]$' and tableowner = (select rolname from pg_roles where oid = (select relowner from pg_class where oid = 'builds'::regclass))"
            )
            #expect(try await database.first(owners)?.decode(Int.self, at: 0) == 21)
            for days in [0, 61] {
                await #expect(throws: PostgresError.self) {
                    try await database.execute(
                        Statement(name: "test.days", sql: "select make_partitions('2030-01-01', \(days))"))
                }
            }
            await database.close()
        }
    }

    /// A day that came before its partition stays in the default one, and holds up no other day.
    @Test func aDayInTheDefaultPartitionStaysThere() async throws {
        try await withMigratedDatabase { _, database in
            let row = """
                insert into log_segments (day, attempt_id, "offset", length, step, crc32, data)
                values ('2030-01-02', 1, 0, 1, 0, 0, '')
                """
            _ = try await database.execute(Statement(name: "test.row", sql: row))
            let make = Statement(name: "test.make", sql: "select make_partitions('2030-01-01', 3)")
            #expect(try await database.first(make)?.decode(Int.self, at: 0) == 8)
            #expect(try await database.first(make)?.decode(Int.self, at: 0) == 0)
            #expect(
                try await database.execute(Statement(name: "test.kept", sql: "select from log_segments_default")) == 1)
        }
    }
}

/// What a server does with its database, from the first user to the erased repository.
private enum Walk {
    static func everyStep(_ database: Database) async throws {
        let store = Store(database: database, keyRing: try KeyRing(text: KeyRing.generate(id: "test")))
        try await TestForge.withForge { forge in
            let engine = try await engine(database, store, forge)
            let root = try await engine.createUser(NewUser(login: "root", admin: true))
            let hash = Digest.sha256("root".utf8)
            _ = try await store.createToken(userID: root.id, name: "", hash: hash)
            let caller = try await store.caller(.token(hash: hash))
            try await forge.create("octo/hello")
            let file = "build:\n  image: busybox\n  commands: [echo hi]\n"
            try await forge.commit([".drone.yml": file], to: "octo/hello")
            let path = try #require(RepoPath(owner: "octo", name: "hello"))
            _ = try await engine.activateRepo(path, by: caller)
            let access = try await store.access(RepoScope(credentials: .token(hash: hash), path: path))
            try await members(engine, caller)
            try await builds(engine, access, forge)
            try await runTwice(engine, access, hash)
            try await ending(engine, access, caller)
        }
        await database.close()
    }

    private static func engine(_ database: Database, _ store: Store, _ forge: TestForge) async throws -> Engine {
        try await store.checkKeyRing()
        try await store.makePartitions(days: 7)
        #expect(try await store.newestMigration() == SQL.migrations.count)
        let id = try await store.ensureForge(name: "git", kind: "git", url: forge.root, isDefault: true)
        let client = GitForge(root: forge.root, executable: TestForge.executable, logger: .silent)
        return Engine(
            database: database, store: store, wakeUps: WakeUps(database: database, logger: .silent),
            forges: Forges([.init(id: id, name: "git", kind: "git", isDefault: true, client: client)]),
            settings: .init(publicURL: "http://127.0.0.1:1", version: "test"), logger: .silent)
    }

    private static func members(_ engine: Engine, _ caller: Caller) async throws {
        _ = try await engine.createUser(NewUser(login: "ada"))
        let tenant = try #require(TenantName("octo"))
        _ = try await engine.putMember("ada", role: .write, of: tenant, by: caller)
        #expect(try await engine.members(of: tenant, for: caller, after: "", limit: 10).map(\.login) == ["ada"])
        try await engine.removeMember("ada", of: tenant, by: caller)
        _ = try await engine.changeUser("ada", UserChange(email: "ada@example.com", admin: true), by: caller)
        try await engine.deleteUser("ada", by: caller)
    }

    private static func builds(_ engine: Engine, _ access: Access, _ forge: TestForge) async throws {
        // The hook cannot reach a server: what it kept is what the spool is for, and what the comparison of refs finds too.
        try await forge.commit(["a": "1"], to: "octo/hello")
        try await engine.drainSpools()
        try await engine.compareRefs()
        while try await engine.handleNextDeliveries() {}
        #expect(try await engine.store.isIntakeIdle(repoID: access.repo.id))
        var change = RepoChange()
        change.allowTags = true
        _ = try await engine.changeRepo(access, change)
        _ = try await engine.forkBuild(access, number: 1, Fork())
        try await engine.cancelJob(access, build: 2, job: 1)
    }

    private static func runTwice(_ engine: Engine, _ access: Access, _ hash: [UInt8]) async throws {
        try await engine.store.createAgentToken(tenantID: access.repo.tenantID, name: "", hash: hash)
        let token = try #require(try await engine.store.agentToken(hash: hash))
        let request = ClaimRequest(agent: "one", labels: ["os": "linux", "arch": "amd64"], slots: 1, wait: 0)
        for round in 1...2 {
            let job = try #require(try await engine.claimJob(request, token: token, address: "test"))
            #expect(job.build == 1 && job.attempt == round)
            _ = try await engine.heartbeat(attemptID: job.attemptID, token: token)
            try await engine.appendLog(
                attemptID: job.attemptID, token: token, Segment(offset: 0, step: 1, output: Array("hi\n".utf8)))
            let step = StepUpdate(number: 1, status: .success, exitCode: 0, startedAt: Date(), finishedAt: Date())
            try await engine.updateStep(attemptID: job.attemptID, token: token, step)
            #expect(try await engine.rescueJobs() == 0)
            let end = JobEnd(status: .success, exitCode: 0, error: "", logSize: 3)
            try await engine.finishJob(attemptID: job.attemptID, token: token, end)
            if round == 1 { _ = try await engine.restartBuild(access, number: 1) }
        }
        let scope = RepoScope(credentials: .token(hash: hash), path: access.repo.path)
        #expect(try await engine.store.readBuild(scope, number: 1).build.status == .success)
        #expect(try await engine.store.readLog(scope, LogRequest(build: 1, job: 1))?.size == 3)
    }

    private static func ending(_ engine: Engine, _ access: Access, _ caller: Caller) async throws {
        try await engine.keepReports()
        let rows = try await engine.store.rows(of: .durations, repository: nil, hours: 24)
        #expect(!rows.isEmpty)
        try await engine.store.setRetention(RetentionRule(buildCount: 1), tenantID: nil, repoID: nil)
        try await engine.keepRetention()
        try await engine.deleteRepo(access)
        try await engine.keepHouse()
        #expect(try await engine.store.reposToErase().isEmpty)
    }
}
