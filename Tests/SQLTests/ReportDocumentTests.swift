import Foundation
import Postgres
import TestSupport
import Testing

/// What is written about `ci_report`, held against the schema.
@Suite struct ReportDocumentTests {
    private static func document(_ name: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent("docs/\(name)"), encoding: .utf8)
    }

    private static let columns = """
        select c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'ci_report'::regnamespace and c.relkind = 'v'
        order by c.relname collate "C", a.attnum
        """

    /// Other people's queries name them: lines are added to the list, and none is changed or removed.
    @Test func theColumnsAreThoseOfTheList() async throws {
        let list = try Self.document("ci_report.columns").split(separator: "\n").map(String.init)
        try await withMigratedDatabase { _, database in
            let columns = try await database.texts(Self.columns)
            #expect(columns == list)
        }
    }

    @Test func everyViewAndColumnIsInTheDocument() async throws {
        let text = try Self.document("reporting.md")
        let rows = """
            select c.relname, a.attname, col_description(c.oid, a.attnum)
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where c.relnamespace = 'ci_report'::regnamespace and c.relkind = 'v'
            """
        try await withMigratedDatabase { _, database in
            for row in try await database.query(Statement(name: "test.rows", sql: rows)) {
                let view = try row.decode(String.self, at: 0)
                let column = try row.decode(String.self, at: 1)
                let meaning = try row.decode(String.self, at: 2)
                let part = text.components(separatedBy: "### `\(view)`\n").dropFirst().first ?? ""
                let section = part.components(separatedBy: "\n### ").first ?? ""
                #expect(section.contains("| `\(column)` |"), "\(view).\(column)")
                #expect(section.contains(" | \(meaning) |"), "\(view).\(column): \(meaning)")
            }
        }
    }

    /// As a reader, and each view has one.
    @Test func everyExampleRuns() async throws {
        let examples = try Self.document("reporting.md").components(separatedBy: "```sql\n").dropFirst().map {
            $0.components(separatedBy: "```").first ?? ""
        }
        try await withRoles { roles in
            let reader = roles.readers[0]
            try await roles.superuser.run("insert into ci_report.report_access values ('\(reader.name)', null)")
            let database = Database(DatabaseConfiguration(url: reader.url), logger: .silent)
            for (index, sql) in examples.enumerated() {
                let text = sql.trimmingCharacters(in: .whitespacesAndNewlines)
                let statement = Statement(name: "test.example.\(index)", sql: String(text.dropLast()))
                await #expect(throws: Never.self, "\(sql)") { _ = try await database.query(statement) }
            }
            let views = try await roles.superuser.texts(
                "select relname from pg_class where relnamespace = 'ci_report'::regnamespace and relkind = 'v'")
            for view in views {
                #expect(examples.contains { $0.contains("from ci_report.\(view)") }, "\(view)")
            }
            await database.close()
        }
    }

    // Plans -----------------------------------------------------------------------------------------------------

    /// 100,000 builds of 400 repositories of 20 tenants, one every five minutes.
    private static let history = [
        "insert into forges (name, kind) values ('git', 'git')",
        "insert into tenants (forge_id, forge_owner_id, name) select 1, 't' || n, 't' || n from generate_series(1, 20) n",
        """
        insert into repositories (tenant_id, forge_id, forge_repo_id, owner, name, clone_url, default_branch, hook_secret, hook_secret_key)
        select 1 + n % 20, 1, n, 't' || 1 + n % 20, 'r' || n, '', 'main', '', 'k' from generate_series(1, 400) n
        """,
        "insert into label_classes (labels) values ('{}')",
        """
        insert into builds (repo_id, number, event, commit, branch, ref, committed_at, created_at)
        select 1 + n % 400, 1 + n / 400, 'push', n, 'main', 'refs/heads/main', now(), now() - (100000 - n) * interval '5 minutes'
        from generate_series(0, 99999) n
        """,
        "insert into jobs (build_id, number, class_id) select id, 1, 1 from builds order by id",
        "insert into attempts (job_id, number) select id, 1 from jobs order by id",
        """
        insert into steps (attempt_id, number, name)
        select id, n, 'step' from attempts, generate_series(0, 1) n order by id, n
        """,
        "insert into ci_report.report_access values (current_user, 3)",
        "analyze",
    ]

    /// No table of the history is read from one end to the other for a question about one repository or one day.
    @Test func aQuestionAboutARepositoryOrADayReadsNoWholeTable() async throws {
        try await withMigratedDatabase { _, database in
            for sql in Self.history { try await database.run(sql) }
            let views = [
                "builds": "created_at", "jobs": "build_created_at", "job_attempts": "build_created_at",
                "steps": "build_created_at",
            ]
            for (view, time) in views {
                for condition in [
                    "repository = 't3/r42'", "repository_id = 42",
                    "\(time) >= now() - interval '2 days' and \(time) < now() - interval '1 day'",
                ] {
                    let sql = "explain select * from ci_report.\(view) where \(condition)"
                    let plan = try await database.query(Statement(name: "test.plan: \(sql)", sql: sql)).map {
                        try $0.decode(String.self, at: 0)
                    }
                    let whole = plan.filter { $0.contains(/Seq Scan on (builds|jobs|attempts|steps)\b/) }
                    #expect(whole == [], "\(sql): \(plan.joined(separator: "\n"))")
                }
            }
            // 288 builds a day, a twentieth of them tenant 3's.
            let day = """
                select count(*) from ci_report.builds
                where created_at >= now() - interval '2 days' and created_at < now() - interval '1 day'
                """
            let counted = try #require(try await database.texts(day).first.flatMap { Int($0) })
            #expect((13...16).contains(counted), "\(counted)")
        }
    }
}
