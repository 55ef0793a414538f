import Postgres
import TestSupport
import Testing

/// Rules at the command line, which has no key ring.
@Suite struct RetentionCommandTests {
    private static let rows = [
        "insert into forges (name, kind, is_default) values ('git', 'git', true)",
        "insert into tenants (forge_id, forge_owner_id, name) values (1, 'acme', 'acme')",
        """
        insert into repositories (tenant_id, forge_id, forge_repo_id, owner, name, clone_url, default_branch, hook_secret, hook_secret_key)
        select id, 1, name, name, 'app', '', 'main', 'sealed', 'k' from tenants
        """,
    ]

    @Test func rulesAreSetAndListed() async throws {
        try await withRoles { roles in
            for sql in Self.rows { try await roles.superuser.run(sql) }
            let server = ["SKEP_DATABASE_URL": roles.server]
            for arguments in [
                ["--build-days", "90"], ["--tenant", "acme", "--build-count", "0"],
                ["--repo", "acme/app", "--log-days", "7", "--log-bytes", "1000"],
            ] {
                let set = try await ProgramRun.run(["retention", "set"] + arguments, environment: server)
                #expect(set.exitCode == 0, "\(set)")
            }
            let list = try await ProgramRun.run("retention", "list", environment: server)
            #expect(
                list.output.split(separator: "\n").map(String.init) == [
                    "server: build-days 90", "acme: build-count 0", "acme/app: log-days 7, log-bytes 1000",
                ], "\(list)")
            let none = try await ProgramRun.run(
                "retention", "set", "--repo", "acme/none", "--log-days", "7", environment: server)
            #expect(none.exitCode != 0 && none.errors.contains("There is no repository acme/none."), "\(none)")
        }
    }
}
