import Foundation
import Postgres
import TestSupport
import Testing

/// Readers of reports see their tenants, in every view that there is.
@Suite struct ReportTests {
    private static let views = """
        select c.relname from pg_class c where c.relnamespace = 'ci_report'::regnamespace and c.relkind = 'v' order by 1
        """

    @Test func aReaderSeesItsTenantsRowsOnly() async throws {
        try await withRoles { roles in
            try await fill(roles)
            let views = try await roles.superuser.texts(Self.views)
            #expect(views.count == 20)
            for (reader, seen) in zip(roles.readers, [["1"], ["2"], ["1", "2"]]) {
                let database = Database(DatabaseConfiguration(url: reader.url), logger: .silent)
                for view in views {
                    let column = view == "tenants" ? "id" : "tenant_id"
                    let tenants = try await database.texts(
                        "select distinct \(column) from ci_report.\(view) order by 1")
                    // What is of no tenant is for those who see all.
                    let hasNobodys = ["audit", "agents", "agent_utilisation"].contains(view)
                    let expected = seen + (hasNobodys && seen.count == 2 ? ["null"] : [])
                    #expect(tenants == expected, "\(view)")
                }
                await database.close()
            }
        }
    }

    @Test func everyViewIsABarrierAndOfTheOwner() async throws {
        try await withRoles { roles in
            let odd = try await roles.superuser.texts(
                """
                select relname from pg_class
                where relnamespace = 'ci_report'::regnamespace and relkind = 'v'
                    and (not coalesce(reloptions @> '{security_barrier=true}', false)
                        or coalesce(reloptions @> '{security_invoker=true}', false)
                        or relowner <> (select relowner from pg_class where oid = 'public.builds'::regclass)
                        or not has_table_privilege('skep_reader', oid, 'select')
                        or has_table_privilege('skep_reader', oid, 'insert, update, delete'))
                """)
            #expect(odd == [])
        }
    }

    /// Without a row in report_access there is nothing; with two that overlap nothing is there twice.
    @Test func accessIsWhatTheTableSays() async throws {
        try await withRoles { roles in
            try await fill(roles)
            let database = Database(DatabaseConfiguration(url: roles.readers[0].url), logger: .silent)
            let builds = "select number from ci_report.builds"
            let name = roles.readers[0].name
            #expect(try await database.texts(builds).count == 3)
            try await roles.superuser.run("insert into ci_report.report_access values ('\(name)', null)")
            #expect(try await database.texts(builds).count == 6)
            try await roles.superuser.run("delete from ci_report.report_access where role_name = '\(name)'")
            for view in try await roles.superuser.texts(Self.views) {
                #expect(try await database.texts("select 1 from ci_report.\(view)") == [], "\(view)")
            }
            try await roles.superuser.run("insert into ci_report.report_access values ('\(name)', 1)")
            try await roles.superuser.run("update repositories set deleted_at = now() where tenant_id = 1")
            #expect(try await database.texts(builds) == [])
            await database.close()
        }
    }

    @Test(arguments: [
        "select * from public.builds", "select * from public.secrets", "select * from public.audit",
        "select * from ci_report.report_access", "insert into ci_report.report_access values (current_user, null)",
        "select ci_report.grant_reader(current_user, null)", "select ci_report.revoke_reader(current_user, null)",
        "select * from public.daily_builds", "select * from public.ended_builds",
        "select * from public.access_tokens", "select make_partitions('2030-01-01', 1)",
        "set role skep_server", "update ci_report.tenants set name = 'x'", "delete from ci_report.audit",
    ])
    func aReaderReachesNothingElse(sql: String) async throws {
        try await withRoles { roles in
            let database = Database(DatabaseConfiguration(url: roles.readers[0].url), logger: .silent)
            let error = await #expect(throws: PostgresError.self) { try await database.run(sql) }
            // 55000: a view of several tables takes no change from anybody.
            #expect(["42501", "55000"].contains(error?.sqlState), "\(error?.debugDescription ?? "")")
            await database.close()
        }
    }

    /// A condition that tells what it is given, however cheap it says it is, is given the reader's own rows only.
    @Test func aTellingConditionIsToldNothing() async throws {
        try await withRoles { roles in
            try await fill(roles)
            let database = Database(DatabaseConfiguration(url: roles.readers[0].url), logger: .silent)
            try await database.lease { connection in
                let make = """
                    create function pg_temp.tell(given text) returns boolean language plpgsql cost 0.0000000001 as $$
                    begin
                        if given like '%other%' then raise exception 'told %', given; end if;
                        return true;
                    end
                    $$
                    """
                _ = try await connection.execute(Statement(name: "test.make", sql: make), [])
                for sql in [
                    "select 1 from ci_report.builds where pg_temp.tell(branch)",
                    "select 1 from ci_report.repositories where pg_temp.tell(name)",
                    "select 1 from ci_report.audit where pg_temp.tell(object)",
                    "select 1 from ci_report.jobs where pg_temp.tell(error)",
                    "select 1 from ci_report.tenants where pg_temp.tell(name)",
                    "select 1 from ci_report.job_attempts where pg_temp.tell(error)",
                    "select 1 from ci_report.steps where pg_temp.tell(name)",
                    "select 1 from ci_report.agents where pg_temp.tell(name)",
                    "select 1 from ci_report.webhook_deliveries where pg_temp.tell(key)",
                    "select 1 from ci_report.build_durations where pg_temp.tell(branch)",
                    "select 1 from ci_report.failure_rates where pg_temp.tell(branch)",
                    "select 1 from ci_report.queue_wait where pg_temp.tell(tenant)",
                    "select 1 from ci_report.flaky_jobs where pg_temp.tell(commit)",
                    "select 1 from ci_report.step_durations where pg_temp.tell(step)",
                    "select 1 from ci_report.slowest_steps where pg_temp.tell(step)",
                    "select 1 from ci_report.agent_utilisation where pg_temp.tell(agent)",
                    "select 1 from ci_report.storage_by_repository where pg_temp.tell(repository)",
                    "select 1 from ci_report.usage_by_month where pg_temp.tell(tenant)",
                    "select 1 from ci_report.mean_time_to_recovery where pg_temp.tell(repository)",
                    "select 1 from ci_report.lead_time where pg_temp.tell(commit)",
                ] {
                    let rows = try await connection.query(Statement(name: "test: \(sql)", sql: sql), [])
                    #expect(rows.count > 0, "\(sql)")
                }
            }
            await database.close()
        }
    }

    /// Tenant 1 for the first reader, tenant 2, whose every text says `other`, for the second, both for the third.
    private func fill(_ roles: DatabaseRoles) async throws {
        let statements = [
            "insert into forges (name, kind) values ('git', 'git')",
            "insert into tenants (forge_id, forge_owner_id, name) values (1, 'own', 'own'), (1, 'other', 'other')",
            """
            insert into repositories (tenant_id, forge_id, forge_repo_id, owner, name, clone_url, default_branch, hook_secret, hook_secret_key)
            select id, 1, name, name, name, '', 'main', '', 'k' from tenants
            """,
            """
            insert into builds (repo_id, number, event, commit, branch, ref, committed_at)
            select r.id, n, 'push', 'c', r.name, 'refs/heads/main', now() from repositories r, generate_series(1, 3) n
            """,
            "insert into label_classes (labels) values ('{}')",
            """
            insert into jobs (build_id, number, class_id, error)
            select b.id, n, 1, b.branch from builds b, generate_series(1, 2) n
            """,
            """
            insert into attempts (job_id, number, error)
            select id, 1, error from jobs
            """,
            """
            insert into steps (attempt_id, number, name)
            select id, 1, error from attempts
            """,
            """
            insert into agent_tokens (tenant_id, name, hash)
            select id, name, sha256(name::bytea) from tenants union all select null, 'all', sha256('all')
            """,
            "insert into agents (token_id, name, version) select id, case when tenant_id = 1 then 'own' else 'other' end, 1 from agent_tokens",
            "insert into deliveries (repo_id, key, event, body) select id, name, 'push', '' from repositories",
            "insert into tenant_usage (tenant_id, month, builds) select id, '2026-03-01', 1 from tenants",
            """
            insert into daily_builds (repo_id, day, branch, event, status, bucket, builds, total_ms)
            select id, '2026-03-02', name, 'push', 'success', 80, 1, 1000 from repositories
            """,
            """
            insert into mainline_ends (repo_id, day, finished_at, build_id, number, commit, committed_at, succeeded)
            select r.id, '2026-03-02', '2026-03-02T12:00:00Z', n, n, r.name, '2026-03-02T11:00:00Z', n = 2
            from repositories r, generate_series(1, 2) n
            """,
            """
            insert into hourly_waits (tenant_id, hour, class_id, bucket, jobs, total_ms)
            select id, '2026-03-02T12:00:00Z', 1, 80, 1, 1000 from tenants
            """,
            """
            insert into daily_steps (repo_id, day, name, bucket, steps, failures, total_ms)
            select id, (now() at time zone 'UTC')::date, name, 80, 1, 0, 1000 from repositories
            """,
            "insert into daily_agents (agent_id, day, attempts, busy_ms) select id, '2026-03-02', 1, 1000 from agents",
            """
            insert into job_outcomes (repo_id, commit, branch, event, job_number, environment, last_build, day, successes, failures)
            select id, name, name, 'push', 1, '{}', 1, '2026-03-02', 1, 1 from repositories
            """,
            """
            insert into audit (tenant_id, actor_kind, actor, action, object)
            select id, 'system'::actor_kind, 'skep', 'tenant.create', name from tenants
            union all
            select null, 'system'::actor_kind, 'skep', 'user.create', 'other'
            """,
            """
            insert into ci_report.report_access
            values ('\(roles.readers[0].name)', 1), ('\(roles.readers[1].name)', 2), ('\(roles.readers[2].name)', null)
            """,
        ]
        for sql in statements { try await roles.superuser.run(sql) }
    }
}
