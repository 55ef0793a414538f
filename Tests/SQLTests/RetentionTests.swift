import Builds
import Postgres
import Sealing
import Store
import TestSupport
import Testing

/// What rules let go, and what stays whatever they say.
@Suite struct RetentionTests {
    /// Twelve builds of one repository, one a day, the last of them made 3 days ago at midnight in UTC. Each has one job with a log of 10 bytes, stored
    /// in 4.
    private static let world = [
        "insert into forges (name, kind, is_default) values ('git', 'git', true)",
        "insert into tenants (forge_id, forge_owner_id, name) values (1, 'acme', 'acme')",
        """
        insert into repositories (tenant_id, forge_id, forge_repo_id, owner, name, clone_url, default_branch, hook_secret, hook_secret_key)
        values (1, 1, '1', 'acme', 'app', '', 'main', '', 'k')
        """,
        "insert into build_counters values (1, 12)",
        "insert into label_classes (labels) values ('{}')",
        """
        insert into builds (repo_id, number, event, status, commit, branch, ref, committed_at, created_at, started_at, finished_at)
        select
            1, n, b.event::build_event, b.status::run_status, 'c', b.branch, 'r', at, at, at, at + interval '1 minute'
        from unnest(
            array['push', 'push', 'tag', 'push', 'deployment', 'pull_request', 'push', 'push', 'push', 'push', 'push', 'push'],
            array['success', 'success', 'success', 'failure', 'failure', 'success', 'success', 'failure', 'success', 'failure',
                'failure', 'failure'],
            array['old', 'main', 'main', 'main', 'main', 'main', 'main', 'old', 'main', 'main', 'main', 'main']
        ) with ordinality as b (event, status, branch, n)
        cross join lateral (select date_trunc('day', now(), 'UTC') - (15 - n) * interval '1 day' as at) t
        """,
        "insert into jobs (build_id, number, class_id, status, finished_at) select id, 1, 1, status, finished_at from builds",
        """
        insert into attempts (job_id, number, status, started_at, finished_at, log_day, log_size)
        select id, 1, status, finished_at - interval '1 minute', finished_at, (finished_at at time zone 'UTC')::date, 10
        from jobs
        """,
        """
        insert into log_segments (day, attempt_id, "offset", length, step, crc32, data)
        select log_day, id, 0, 10, 1, 0, '1234' from attempts
        """,
    ]

    private static let all = (1...12).map { "\($0)" }

    private func withWorld(_ body: (Database, Store) async throws -> Void) async throws {
        try await withMigratedDatabase { _, database in
            for sql in Self.world { try await database.run(sql) }
            let store = Store(database: database, keyRing: try KeyRing(text: KeyRing.generate(id: "test")))
            while try await store.countEndedBuilds() > 0 {}
            while try await store.countEndedAttempts() > 0 {}
            try await body(database, store)
        }
    }

    private static let left = "select number from builds order by number"
    private static let logs = """
        select b.number
        from builds b
        join jobs j on j.build_id = b.id
        join attempts a on a.job_id = j.id
        where a.log_size > 0 and exists (select from log_segments s where s.day = a.log_day and s.attempt_id = a.id)
        order by 1
        """

    /// 3 is a tag and 5 a deployment; 1 is the last success of `old` and 9 that of `main`.
    @Test(arguments: [
        (RetentionRule(buildDays: 2), ["1", "3", "5", "9"], ["1", "3", "5", "9"]),
        (
            RetentionRule(buildCount: 4), ["1", "3", "5", "9", "10", "11", "12"],
            ["1", "3", "5", "9", "10", "11", "12"]
        ),
        (
            RetentionRule(buildDays: 10, logDays: 5), ["1", "3", "5", "6", "7", "8", "9", "10", "11", "12"],
            ["1", "3", "5", "9", "11", "12"]
        ),
        (RetentionRule(buildDays: 0), RetentionTests.all, RetentionTests.all),
        // Of 48 bytes 20 may stay: those of the last five days.
        (RetentionRule(logBytes: 20), RetentionTests.all, ["1", "3", "5", "8", "9", "10", "11", "12"]),
    ])
    func rulesLetGo(rule: RetentionRule, builds: [String], logs: [String]) async throws {
        try await withWorld { database, store in
            // A wider rule that the narrower one replaces, limit by limit.
            try await store.setRetention(
                RetentionRule(buildDays: rule.buildDays == nil ? nil : 1), tenantID: nil, repoID: nil)
            try await store.setRetention(rule, tenantID: 1, repoID: 1)
            let retention = Retention(store: store)
            let estimate = try await retention.estimate()
            #expect(estimate.builds == 12 - builds.count)
            #expect(estimate.logs == 12 - logs.count && estimate.bytes == 10 * Int64(12 - logs.count))
            let removed = try await retention.run()
            #expect(removed.builds == 12 - builds.count && removed.logs == 12 - logs.count)
            #expect(try await database.texts(Self.left) == builds)
            #expect(try await database.texts(Self.logs) == logs)
            let stored = "select (attempts, log_bytes, stored_bytes) from ci_report.storage_by_repository"
            try await database.run("insert into ci_report.report_access values (current_user, null)")
            #expect(try await database.texts(stored) == ["(\(logs.count),\(10 * logs.count),\(4 * logs.count))"])
            // What was counted stays counted.
            #expect(try await database.texts("select sum(builds) from ci_report.failure_rates") == ["12"])
            #expect(try await retention.estimate() == Removal())
        }
    }

    @Test func whatRunsOrHasJustEndedStays() async throws {
        try await withWorld { database, store in
            try await database.run("update builds set status = 'running', finished_at = null where number = 4")
            try await database.run("update builds set finished_at = now() where number = 2")
            try await store.setRetention(RetentionRule(buildDays: 1), tenantID: 1, repoID: nil)
            _ = try await Retention(store: store).run()
            #expect(try await database.texts(Self.left) == ["1", "2", "3", "4", "5", "9"])
        }
    }

    @Test func nothingGoesBeforeItIsCounted() async throws {
        try await withWorld { database, store in
            try await database.run("insert into report_history values ('builds', 1, 2000, now(), '{}')")
            try await store.setRetention(RetentionRule(buildDays: 1), tenantID: nil, repoID: nil)
            #expect(try await Retention(store: store).run() == Removal())
        }
    }

    @Test func emptyDaysAreDropped() async throws {
        try await withMigratedDatabase { _, database in
            let store = Store(database: database, keyRing: try KeyRing(text: KeyRing.generate(id: "test")))
            try await database.run("select make_partitions('2020-01-01', 3)")
            try await database.run(
                """
                insert into log_segments (day, attempt_id, "offset", length, step, crc32, data)
                values ('2020-01-02', 1, 0, 1, 0, 0, '')
                """)
            try await store.makePartitions(days: 2)
            #expect(try await store.dropEmptyPartitions() == 2)
            let left = "select relname from pg_class where relname ~ '^log_segments_2020[0-9]{4}$'"
            #expect(try await database.texts(left) == ["log_segments_20200102"])
        }
    }
}
