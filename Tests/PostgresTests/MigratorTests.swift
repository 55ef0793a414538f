import Logging
import Postgres
import TestSupport
import Testing

/// The migrator against a schema of its own.
struct MigratorTests {
    private let first = Migration(
        number: 1, name: "things",
        sql: """
            create table things (n int8 not null);
            insert into things values (1);
            create function more() returns void language sql as $$ insert into things values (0); $$;
            """)
    private let second = Migration(number: 2, name: "more", sql: "insert into things values (2)")
    private let index = Migration(
        number: 3, name: "index",
        sql: "-- about\ncreate index concurrently things_by_n on things (n);\ncreate index concurrently on things (n);",
        inTransaction: false)

    private func migrator(_ url: String, _ migrations: [Migration]) -> Migrator {
        Migrator(url: url, migrations: migrations, logger: .silent)
    }

    @Test func appliesWhatIsMissingInOrder() async throws {
        try await withDatabase { url, database in
            #expect(try await migrator(url, [second, first]).plan() == [first, second])
            try await database.expect("select to_regclass('skep_migrations') is null", gives: true)
            #expect(try await migrator(url, [first]).run() == [first])
            #expect(try await !migrator(url, [first, second]).isCurrent())
            #expect(try await migrator(url, [second, first, index]).run() == [second, index])
            #expect(try await migrator(url, [first, second, index]).run() == [])
            #expect(try await migrator(url, [first, second, index]).isCurrent())
            try await database.expect("select array_agg(n order by n) from things", gives: [1, 2])
            try await database.expect("select count(*) from pg_index where indrelid = 'things'::regclass", gives: 2)
            let checksum = try await database.value(
                "select checksum from skep_migrations where number = 2", as: String.self)
            #expect(checksum == "bedc9d0e8549e97c6950e08f9ce20b4a0c65301c55130e3741e09d4a2c1f7bbb")
        }
    }

    @Test func tenAtOnceApplyEachOnce() async throws {
        try await withDatabase { url, database in
            let all =
                [first, second, index]
                + (4...8).map {
                    Migration(
                        number: $0, name: "m\($0)", sql: "insert into things values (\($0)); select pg_sleep(0.02)")
                }
            let applied = try await withThrowingTaskGroup(of: [Migration].self) { group in
                for _ in 0..<10 { group.addTask { try await migrator(url, all).run() } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.map(\.number).sorted() == Array(1...8))
            try await database.expect("select array_agg(n order by n) from things", gives: [1, 2, 4, 5, 6, 7, 8])
        }
    }

    @Test func aMigrationThatFailsLeavesNothing() async throws {
        try await withDatabase { url, database in
            let broken = Migration(
                number: 2, name: "broken", sql: "insert into things values (2); insert into things values (null)")
            let error = await failure { try await migrator(url, [first, broken]).run() }
            #expect(error?.sqlState == "23502")
            try await database.expect("select array_agg(n) from things", gives: [1])
            #expect(try await migrator(url, [first, second]).run() == [second])
        }
    }

    @Test func aMigrationMayNotEndItsTransaction() async throws {
        try await withDatabase { url, _ in
            let ending = Migration(number: 1, name: "ending", sql: "create table a (); commit")
            #expect(await failure { try await migrator(url, [ending]).run() }?.code == .migration)
        }
    }

    @Test func disagreementIsRefusedAndANewerSchemaIsNot() async throws {
        try await withDatabase { url, _ in
            try await migrator(url, [first, second]).run()
            let changed = Migration(number: 2, name: "more", sql: "insert into things values (3)")
            let renamed = Migration(number: 2, name: "less", sql: second.sql)
            for migrations in [[first, changed], [first, renamed], [second], [first, second, second]] {
                #expect(await failure { try await migrator(url, migrations).run() }?.code == .migration)
                #expect(await failure { try await migrator(url, migrations).plan() }?.code == .migration)
            }
            #expect(try await migrator(url, [first]).isCurrent())
        }
    }

    @Test func waitsForATableThatIsInUse() async throws {
        try await withDatabase { url, database in
            try await migrator(url, [first]).run()
            let alter = Migration(
                number: 2, name: "alter", sql: "set local lock_timeout = '1s'; alter table things add m int8")
            let migration = try await database.transaction { connection in
                try await connection.execute(sql("select * from things"))
                let migration = Task { try await migrator(url, [first, alter]).run() }
                let process = "select count(*) from pg_locks where relation = 'things'::regclass and not granted"
                try await eventually { try await database.value(process) == 1 }
                try await eventually { try await database.value(process) == 0 }
                return migration
            }
            #expect(try await migration.value == [alter])
        }
    }

    @Test func anUnreachableDatabaseIsAnError() async throws {
        let error = await failure { try await migrator("postgres://me@127.0.0.1:1/none", [first]).plan() }
        #expect(error?.code == .connection)
    }
}
