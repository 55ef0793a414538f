import Foundation
import Postgres
import TestSupport
import Testing

/// The analyses, for people without SQL.
@Suite struct ReportCommandTests {
    private static let rows = [
        "insert into forges (name, kind, is_default) values ('git', 'git', true)",
        "insert into tenants (forge_id, forge_owner_id, name) values (1, 'acme', 'acme'), (1, 'other', 'other')",
        """
        insert into repositories (tenant_id, forge_id, forge_repo_id, owner, name, clone_url, default_branch, hook_secret, hook_secret_key)
        select id, 1, name, name, 'app', '', 'main', '', 'k' from tenants
        """,
        """
        insert into daily_builds (repo_id, day, branch, event, status, bucket, builds, total_ms)
        select id, (now() at time zone 'UTC')::date, 'a|"b"', 'push', s.status, 80, 3 * id, 3000 * id
        from repositories, unnest(array['success', 'failure']::run_status[]) as s (status)
        """,
    ]

    private func withRows(_ body: (DatabaseRoles) async throws -> Void) async throws {
        try await withRoles { roles in
            for sql in Self.rows { try await roles.superuser.run(sql) }
            try await roles.superuser.run(
                "insert into ci_report.report_access values ('\(roles.readers[0].name)', 1)")
            try await body(roles)
        }
    }

    /// A server sees all tenants, a reader its own.
    @Test func aReportIsOfWhoAsks() async throws {
        try await withRows { roles in
            let server = ["SKEP_DATABASE_URL": roles.server]
            let all = try await ProgramRun.run("report", "failures", "--format", "csv", environment: server)
            #expect(all.exitCode == 0, "\(all)")
            #expect(
                all.output.components(separatedBy: .newlines).filter { !$0.isEmpty } == [
                    "repository,branch,event,builds,failed,errors,killed,failure_rate",
                    "other/app,\"a|\"\"b\"\"\",push,12,6,0,0,0.5", "acme/app,\"a|\"\"b\"\"\",push,6,3,0,0,0.5",
                ])
            let one = try await ProgramRun.run(
                "report", "failures", "--repo", "acme/app", "--format", "json", environment: server)
            let json = try #require(
                try JSONSerialization.jsonObject(with: Data(one.output.utf8)) as? [[String: Any]], "\(one)")
            #expect(json.count == 1 && json.first?["branch"] as? String == "a|\"b\"")
            #expect(json.first?["failure_rate"] as? Double == 0.5)
            let reader = ["SKEP_DATABASE_URL": roles.server, "SKEP_DATABASE_REPORT_URL": roles.readers[0].url]
            let own = try await ProgramRun.run("report", "durations", environment: reader)
            #expect(own.exitCode == 0 && own.output.contains("acme/app") && !own.output.contains("other"), "\(own)")
            #expect(own.output.contains("6.0 s") && !own.output.contains("█"), "\(own)")
            let markdown = try await ProgramRun.run(
                "report", "durations", "--format", "markdown", environment: reader)
            #expect(markdown.output.contains("| acme/app | a\\|\"b\" | push |"), "\(markdown)")
        }
    }

    @Test func everyReportRuns() async throws {
        try await withRows { roles in
            let environment = ["SKEP_DATABASE_URL": roles.server]
            let list = try await ProgramRun.run("report")
            let names = list.output.split(separator: "\n").compactMap {
                $0.split(separator: " ").first.map(String.init)
            }
            #expect(names.count == 10)
            for name in names {
                for arguments in [[], ["--repo", "acme/app", "--since", "12h"], ["--format", "json"]] {
                    let run = try await ProgramRun.run(["report", name] + arguments, environment: environment)
                    #expect(run.exitCode == 0, "\(name) \(arguments): \(run)")
                }
            }
        }
    }

    @Test(arguments: [
        ["nothing"], ["steps", "--since", "soon"], ["steps", "--since", "0d"], ["steps", "--format", "xml"],
    ])
    func whatCannotBeAskedIsRefused(arguments: [String]) async throws {
        let run = try await ProgramRun.run(["report"] + arguments, environment: [:])
        #expect(run.exitCode == 64 && !run.errors.isEmpty, "\(run)")
    }
}
