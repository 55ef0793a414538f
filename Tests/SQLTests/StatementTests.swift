import Foundation
import Postgres
import SQL
import TestSupport
import Testing

/// Each query of the catalogue is good SQL on the schema, and somebody's.
@Suite struct StatementTests {
    @Test func everyQueryIsPrepared() async throws {
        try await withMigratedDatabase { _, database in
            #expect(SQL.queries.count > 80)
            for (name, text) in SQL.queries.sorted(by: { $0.key < $1.key }) {
                do {
                    try await database.lease { connection in
                        // In a name of its own: what the pool prepares by itself it prepares to run.
                        _ = try await connection.execute(Statement(name: "prepare", sql: "prepare one as \(text)"), [])
                        _ = try await connection.execute(Statement(name: "deallocate", sql: "deallocate one"), [])
                    }
                } catch let error as PostgresError {
                    Issue.record("\(name): \(error.debugDescription)")
                }
            }
        }
    }

    @Test func everyNameIsInTheCatalogueAndEveryEntryIsUsed() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let sources = root.appendingPathComponent("Sources")
        let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
        var used: Set<String> = []
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            used.formUnion(
                text.matches(of: /Statement\(stored: "([^"]+)"\)|SQL\.query\("([^"\\]+)"\)/).map {
                    String($0.1 ?? $0.2 ?? "")
                })
            used.formUnion(text.matches(of: /Statement\(queue: "([^"]+)"\)/).map { "queue.\($0.1)" })
        }
        #expect(used.subtracting(SQL.queries.keys) == [])
        #expect(Set(SQL.queries.keys).subtracting(used) == [])
    }

    /// By which pg_stat_statements and pg_stat_activity tell them apart.
    @Test func everyStatementSaysItsName() {
        for (name, sql) in SQL.queries {
            let words = sql.split(separator: " ", maxSplits: 4)
            #expect(["select", "with", "insert", "update", "delete"].contains(words.first), "\(name)")
            #expect(words.count > 3 && words[1...3].joined(separator: " ").hasPrefix("/* \(name) */"), "\(name)")
        }
    }

    @Test func everyTableAndColumnHasAComment() async throws {
        try await withMigratedDatabase { _, database in
            let missing = Statement(
                name: "test.comments",
                sql: """
                    select c.relname || coalesce('.' || a.attname, '')
                    from pg_class c
                    join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('public', 'ci_report')
                    left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                    where c.relkind in ('r', 'p', 'v')
                        and not c.relispartition
                        and (obj_description(c.oid, 'pg_class') is null or col_description(c.oid, a.attnum) is null)
                    """)
            let names = try await database.query(missing).map { try $0.decode(String.self, at: 0) }
            #expect(names == [])
        }
    }

    /// Of which one can tell what would be slow without it.
    @Test func everyIndexHasAComment() async throws {
        try await withMigratedDatabase { _, database in
            let missing = try await database.texts(
                """
                select x.indexrelid::regclass
                from pg_index x
                join pg_class c on c.oid = x.indrelid and not c.relispartition
                where c.relnamespace in ('public'::regnamespace, 'ci_report'::regnamespace)
                    and obj_description(x.indexrelid, 'pg_class') is null
                """)
            #expect(missing == [])
        }
    }

    /// A foreign key whose referencing side has no index makes each delete of the other side read a whole table.
    @Test func everyForeignKeyHasAnIndex() async throws {
        try await withMigratedDatabase { _, database in
            let missing = Statement(
                name: "test.keys",
                sql: """
                    select conrelid::regclass || ' ' || conname
                    from pg_constraint c
                    where contype = 'f'
                        and confdeltype = 'c'
                        and not exists (
                            select
                            from pg_index i
                            where i.indrelid = c.conrelid and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
                        )
                    """)
            let names = try await database.query(missing).map { try $0.decode(String.self, at: 0) }
            #expect(names == [])
        }
    }
}
