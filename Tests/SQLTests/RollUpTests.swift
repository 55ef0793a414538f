import Postgres
import SQL
import Sealing
import Store
import TestSupport
import Testing

/// What the analyses say, compared with what was worked out by hand.
@Suite struct RollUpTests {
    /// One tenant and repository, a class of labels, an agent, and the right to read all of it.
    private static let world = [
        "insert into forges (name, kind) values ('git', 'git')",
        "insert into tenants (forge_id, forge_owner_id, name) values (1, 'acme', 'acme')",
        """
        insert into repositories (tenant_id, forge_id, forge_repo_id, owner, name, clone_url, default_branch, hook_secret, hook_secret_key)
        values (1, 1, '1', 'acme', 'app', '', 'main', '', 'k')
        """,
        "insert into label_classes (labels) values ('{\"os\": \"linux\"}')",
        "insert into agent_tokens (tenant_id, name, hash) values (1, 'a', decode(repeat('00', 32), 'hex'))",
        """
        insert into agents (token_id, name, slots, version, created_at) values (1, 'one', 2, 1, '2020-01-01T00:00:00Z')
        """,
        "insert into ci_report.report_access values (current_user, null)",
    ]

    private func withWorld(_ body: (String, Database, Store) async throws -> Void) async throws {
        try await withMigratedDatabase { url, database in
            for sql in Self.world { try await database.run(sql) }
            try await body(url, database, try Self.store(database))
        }
    }

    private static func store(_ database: Database) throws -> Store {
        Store(database: database, keyRing: try KeyRing(text: KeyRing.generate(id: "test")))
    }

    /// Counts all there is. Answers how many ends there were.
    @discardableResult
    private static func countAll(_ store: Store) async throws -> Int {
        var counted = 0
        while case let count = try await store.countEndedBuilds(), count > 0 { counted += count }
        while case let count = try await store.countEndedAttempts(), count > 0 { counted += count }
        while try await store.countHistory() {}
        return counted
    }

    /// Builds of `main`, one after another, that ended on a day after so many seconds each.
    private func insert(
        _ database: Database, first: Int, day: String, status: String = "success", seconds: [Int]
    ) async throws {
        for (index, seconds) in seconds.enumerated() {
            let end = "'\(day)T12:00:00Z'::timestamptz + interval '\(index) minutes'"
            try await database.run(
                """
                insert into builds (repo_id, number, event, status, commit, branch, ref, committed_at, started_at, finished_at)
                values (
                    1, \(first + index), 'push', '\(status)', 'c\(first + index)', 'main', 'refs/heads/main',
                    \(end) - interval '1 hour', \(end) - interval '\(seconds) seconds', \(end)
                )
                """)
        }
    }

    // Percentiles -----------------------------------------------------------------------------------------------

    @Test func percentilesAreCloseToTheExactOnes() async throws {
        try await withWorld { _, database, store in
            try await insert(database, first: 1, day: "2026-03-02", seconds: Array(1...100))
            #expect(try await Self.countAll(store) == 100)
            let row = try #require(
                try await database.first(
                    Statement(
                        name: "test.percentiles",
                        sql: """
                            select
                                extract(epoch from p50)::float8, extract(epoch from p95)::float8,
                                extract(epoch from total)::float8, builds, day::text, event
                            from ci_report.build_durations
                            where repository = 'acme/app' and branch = 'main'
                            """)))
            // 8 log2(50,000 ms) is 124.9, so bucket 125: 2^(124.5 / 8) ms. And 8 log2(95,000 ms) is 132.3: 2^(132.5 / 8) ms.
            #expect(abs(try row.decode(Double.self, at: 0) - 48.393) < 0.01)
            #expect(abs(try row.decode(Double.self, at: 1) - 96.785) < 0.01)
            #expect(try row.decode(Double.self, at: 2) == 5050)
            #expect(try row.decode(Int.self, at: 3) == 100)
            #expect(try row.decode(String.self, at: 4) == "2026-03-02" && row.decode(String.self, at: 5) == "push")
        }
    }

    /// 90 builds of 10 s on one day and 10 of 100 s on the next: the 95th of 100 took 100 s. The mean of the days' would be 55.
    @Test func percentilesOfTwoDaysAreOfAllBuilds() async throws {
        try await withWorld { _, database, store in
            try await insert(database, first: 1, day: "2026-03-02", seconds: Array(repeating: 10, count: 90))
            try await insert(database, first: 91, day: "2026-03-03", seconds: Array(repeating: 100, count: 10))
            try await Self.countAll(store)
            let both = """
                select extract(epoch from ci_report.percentile(ci_report.merge(histogram), 0.95)) between 95.5 and 104.5
                from ci_report.build_durations
                """
            #expect(try await database.texts(both) == ["true"])
            for (fraction, seconds) in [("0.0", "10"), ("0.9", "10"), ("0.901", "100"), ("1.0", "100")] {
                let one = """
                    select abs(extract(epoch from ci_report.percentile(ci_report.merge(histogram), \(fraction))) / \(seconds) - 1)
                        < 0.045
                    from ci_report.build_durations
                    """
                #expect(try await database.texts(one) == ["true"], "\(fraction)")
            }
            #expect(try await database.texts("select ci_report.percentile('{}', 0.5)") == ["null"])
        }
    }

    /// Each bucket's middle is near both of its ends, from a millisecond to a month.
    @Test func everyDurationIsNearTheMiddleOfItsBucket() async throws {
        try await withMigratedDatabase { _, database in
            let far = """
                select ms
                from (select (1.07 ^ n)::bigint + 1 as ms from generate_series(1, 320) n) given
                where abs(extract(epoch from ci_report.bucket_duration(duration_bucket(ms))) * 1000 / ms - 1) > 0.045
                """
            let wrong = try await database.texts(far)
            let first = try await database.texts("select duration_bucket(0)")
            #expect(wrong == [] && first == ["0"])
        }
    }

    // Outcomes --------------------------------------------------------------------------------------------------

    /// Failed at 12:00 and 12:01, good at 12:02; failed at 12:03, in error at 12:04, killed at 12:05, good at 12:06.
    @Test func failuresAndRecoveries() async throws {
        try await withWorld { _, database, store in
            let day = "2026-03-02"
            let ends = ["failure", "failure", "success", "failure", "error", "killed", "success"]
            for (index, status) in ends.enumerated() {
                let end = "'\(day)T12:0\(index):00Z'::timestamptz"
                try await database.run(
                    """
                    insert into builds (repo_id, number, event, status, commit, branch, ref, committed_at, started_at, finished_at)
                    values (
                        1, \(index + 1), 'push', '\(status)', 'c', 'main', 'refs/heads/main', '\(day)T11:00:00Z',
                        \(end) - interval '10 seconds', \(end)
                    )
                    """)
            }
            try await Self.countAll(store)
            let rates = "select (builds, succeeded, failed, errors, killed, failure_rate) from ci_report.failure_rates"
            #expect(try await database.texts(rates) == ["(7,2,3,1,1,\(4.0 / 6.0))"])
            let recovery = "select (recoveries, total, mean_time_to_recovery) from ci_report.mean_time_to_recovery"
            #expect(try await database.texts(recovery) == ["(2,00:05:00,00:02:30)"])
            // The commit was good first at 12:02.
            let lead = "select (build_number, lead_time) from ci_report.lead_time"
            #expect(try await database.texts(lead) == ["(3,01:02:00)"])
        }
    }

    /// An attempt from 23:59 to 00:02 that waited 30 s, failed, and succeeded when it was restarted.
    @Test func attemptsCountForQueueAgentStepsStorageAndFlakiness() async throws {
        try await withWorld { _, database, store in
            let day = try #require(try await database.texts("select (now() at time zone 'UTC')::date - 2").first)
            let next = try #require(try await database.texts("select (now() at time zone 'UTC')::date - 1").first)
            for sql in [
                """
                insert into builds (repo_id, number, event, commit, branch, ref, committed_at)
                values (1, 1, 'push', 'c', 'main', 'refs/heads/main', now())
                """,
                "insert into jobs (build_id, number, class_id, enqueued_at) values (1, 1, 1, '\(day)T23:58:30Z')",
                """
                insert into attempts (job_id, number, agent_id, status, started_at, log_day, log_size)
                values (1, 1, 1, 'running', '\(day)T23:59:00Z', '\(day)', 10)
                """,
                """
                insert into log_segments (day, attempt_id, "offset", length, step, crc32, data)
                values ('\(day)', 1, 0, 6, 0, 0, '1234'), ('\(day)', 1, 6, 4, 0, 0, '56')
                """,
                """
                insert into steps (attempt_id, number, name, status, started_at, finished_at)
                values
                    (1, 0, 'clone', 'success', '\(day)T23:59:00Z', '\(day)T23:59:10Z'),
                    (1, 1, 'test', 'failure', '\(day)T23:59:10Z', '\(next)T00:02:00Z'), (1, 2, 'deploy', 'skipped', null, now())
                """,
                "update attempts set status = 'failure', finished_at = '\(next)T00:02:00Z' where id = 1",
                "update jobs set enqueued_at = '\(next)T00:03:00Z'",
                """
                insert into attempts (job_id, number, agent_id, status, started_at, log_day)
                values (1, 2, 1, 'running', '\(next)T00:03:10Z', '\(next)')
                """,
                "update attempts set status = 'success', finished_at = '\(next)T00:04:10Z' where id = 2",
            ] { try await database.run(sql) }
            #expect(try await Self.countAll(store) == 2)
            let waits = "select (hour at time zone 'UTC', labels, jobs, total) from ci_report.queue_wait order by hour"
            #expect(
                try await database.texts(waits) == [
                    "(\"\(day) 23:00:00\",\"{\"\"os\"\": \"\"linux\"\"}\",1,00:00:30)",
                    "(\"\(next) 00:00:00\",\"{\"\"os\"\": \"\"linux\"\"}\",1,00:00:10)",
                ])
            let busy = "select (day, attempts, busy, available) from ci_report.agent_utilisation order by day"
            #expect(
                try await database.texts(busy) == [
                    "(\(day),1,00:01:00,\"2 days\")", "(\(next),2,00:03:00,\"2 days\")",
                ])
            let steps = "select (day, step, runs, failures, total) from ci_report.step_durations order by step"
            #expect(
                try await database.texts(steps) == ["(\(next),clone,1,0,00:00:10)", "(\(next),test,1,1,00:02:50)"])
            let slowest = "select (step, runs, runs_before, change) from ci_report.slowest_steps order by total desc"
            #expect(try await database.texts(slowest) == ["(test,1,0,)", "(clone,1,0,)"])
            let storage = "select (attempts, log_bytes, stored_bytes) from ci_report.storage_by_repository"
            #expect(try await database.texts(storage) == ["(1,10,6)"])
            let flaky = "select (commit, job_number, build_number, successes, failures) from ci_report.flaky_jobs"
            #expect(try await database.texts(flaky) == ["(c,1,1,1,1)"])
        }
    }

    @Test func oldOutcomesAreForgotten() async throws {
        try await withWorld { _, database, store in
            try await database.run(
                """
                insert into job_outcomes (repo_id, commit, branch, event, job_number, environment, last_build, day, successes, failures)
                select 1, n, 'main', 'push', 1, '{}', 1, (now() at time zone 'UTC')::date - 85 - n, 1, 1
                from generate_series(1, 10) n
                """)
            #expect(try await store.forgetOutcomes() == 6)
            #expect(try await store.forgetOutcomes() == 0)
        }
    }

    // Once ------------------------------------------------------------------------------------------------------

    /// Four workers on two servers, and ends that come while they work.
    @Test func nothingCountsTwiceOrIsMissed() async throws {
        try await withWorld { url, database, store in
            let insert = """
                insert into builds (repo_id, number, event, status, commit, branch, ref, committed_at, started_at, finished_at)
                select 1, n, 'push', 'success', n, 'b' || n % 7, 'refs/heads/x', now(), now() - n * interval '1 second', now()
                from generate_series($1::bigint, $2::bigint) n
                """
            try await database.run(insert, [1, 4000])
            try await withPool(url) { other in
                let stores = [store, try Self.store(other)]
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for index in 0..<4 { group.addTask { try await Self.countAll(stores[index % 2]) } }
                    group.addTask {
                        for part in 0..<20 {
                            let first = Int64(4001 + part * 50)
                            try await database.run(insert, [.int(first), .int(first + 49)])
                        }
                        return 0
                    }
                    let counted = try await group.reduce(0, +)
                    #expect(try await counted + Self.countAll(store) == 5000)
                }
            }
            #expect(try await database.texts("select sum(builds) from ci_report.failure_rates") == ["5000"])
            #expect(try await database.texts("select count(distinct branch) from ci_report.failure_rates") == ["7"])
            #expect(try await database.texts("select 1 from ended_builds") == [])
        }
    }

    /// What had ended when the roll-ups came, what ran, and what is restarted before its piece of the history is counted.
    @Test func theHistoryBeforeTheRollUpsCountsOnce() async throws {
        try await withDatabaseURL { url in
            let migrations = try SQL.migrations.map { try Migration(fileName: $0.name, text: $0.sql) }
            _ = try await Migrator(url: url, migrations: migrations.filter { $0.number < 9 }, logger: .silent).run()
            try await withPool(url) { database in
                for sql in Self.world { try await database.run(sql) }
                for status in ["success", "failure", "running"] {
                    let end = status == "running" ? "null" : "'2026-03-02T12:00:00Z'"
                    try await database.run(
                        """
                        insert into builds (repo_id, number, event, status, commit, branch, ref, committed_at, started_at, finished_at)
                        select
                            1, n + coalesce((select max(number) from builds), 0), 'push', '\(status)', 'c', 'main', 'r', now(),
                            '2026-03-02T11:00:00Z', \(end)::timestamptz
                        from generate_series(1, 3000) n
                        """)
                }
                for sql in [
                    "insert into jobs (build_id, number, class_id) select id, 1, 1 from builds",
                    """
                    insert into attempts (job_id, number, agent_id, status, started_at, finished_at)
                    select j.id, 1, 1, b.status, b.started_at, b.finished_at
                    from jobs j
                    join builds b on b.id = j.build_id
                    """,
                    "insert into queue (id, class_id, tenant_id, repo_id) select id, 1, 1, 1 from jobs where build_id > 6000",
                ] { try await database.run(sql) }
                _ = try await Migrator(url: url, migrations: migrations, logger: .silent).run()
                // One that ran ends, one that had ended ends once more.
                for sql in [
                    "update builds set status = 'success', finished_at = now() where id = 6001",
                    "update attempts set status = 'success', finished_at = '2026-03-02T13:00:00Z' where job_id = 6001",
                    "update builds set status = 'pending', finished_at = null where id = 1",
                    "update builds set status = 'killed', finished_at = now() where id = 1",
                ] { try await database.run(sql) }
                try await Self.countAll(try Self.store(database))
                // The first end of build 1 was overwritten before it was counted.
                let sums = "select (sum(succeeded), sum(failed), sum(killed)) from ci_report.failure_rates"
                #expect(try await database.texts(sums) == ["(3000,3000,1)"])
                #expect(try await database.texts("select sum(attempts) from daily_agents") == ["6001"])
                #expect(try await database.texts("select 1 from report_history") == [])
            }
        }
    }
}
