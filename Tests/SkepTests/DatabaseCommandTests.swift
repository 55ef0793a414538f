import Foundation
import Postgres
import TestSupport
import Testing

/// Readers of reports, made at the command line.
@Suite struct DatabaseCommandTests {
    /// Two tenants, and a name for a login that is dropped afterwards.
    private func withTenants(_ body: (DatabaseRoles, String) async throws -> Void) async throws {
        try await withRoles { roles in
            for sql in [
                "insert into forges (name, kind, is_default) values ('git', 'git', true)",
                "insert into tenants (forge_id, forge_owner_id, name) values (1, 'acme', 'acme'), (1, 'other', 'other')",
            ] { try await roles.superuser.run(sql) }
            let login = "reader_\(UUID().uuidString.prefix(8).lowercased())"
            let result: Result<Void, any Error>
            do { result = .success(try await body(roles, login)) } catch { result = .failure(error) }
            try await roles.superuser.run("drop role if exists \(login)")
            try result.get()
        }
    }

    private static func run(_ roles: DatabaseRoles, _ arguments: String...) async throws -> ProgramRun {
        try await ProgramRun.run(["database"] + arguments, environment: ["SKEP_DATABASE_URL": roles.owner])
    }

    private static func tenants(_ roles: DatabaseRoles, _ login: String) async throws -> [String] {
        let url = roles.owner.replacing(/role_[a-z0-9]+_owner@/, with: "\(login)@")
        let database = Database(DatabaseConfiguration(url: url), logger: .silent)
        let result: Result<[String], any Error>
        do {
            result = .success(try await database.texts("select name from ci_report.tenants order by 1"))
        } catch {
            result = .failure(error)
        }
        await database.close()
        return try result.get()
    }

    @Test func aLoginSeesItsTenantUntilThatIsTakenBack() async throws {
        try await withTenants { roles, login in
            let made = try await Self.run(roles, "grant", "--login", login, "--tenant", "acme")
            #expect(made.exitCode == 0 && made.line.count == 32, "\(made)")
            #expect(try await Self.tenants(roles, login) == ["acme"])
            let kept = try await roles.superuser.texts("select rolpassword from pg_authid where rolname = '\(login)'")
            #expect(kept.first?.hasPrefix("SCRAM-SHA-256$4096:") == true)
            let limits = try await roles.superuser.texts(
                """
                select (r.rolconnlimit, s.setconfig)
                from pg_roles r
                join pg_db_role_setting s on s.setrole = r.oid
                where r.rolname = '\(login)'
                """)
            #expect(
                limits == ["(10,\"{statement_timeout=60s,idle_in_transaction_session_timeout=60s}\")"], "\(limits)")
            // The login is there now: no password is printed, and the first one is kept.
            let all = try await Self.run(roles, "grant", "--login", login, "--all", "--read-only")
            #expect(all.exitCode == 0 && all.output.isEmpty, "\(all)")
            #expect(try await Self.tenants(roles, login) == ["acme", "other"])
            let still = try await roles.superuser.texts("select rolpassword from pg_authid where rolname = '\(login)'")
            #expect(still == kept)
            let one = try await Self.run(roles, "revoke", "--login", login, "--tenant", "acme")
            #expect(one.exitCode == 0 && one.output.isEmpty, "\(one)")
            let last = try await Self.run(roles, "revoke", "--login", login, "--all")
            #expect(last.exitCode == 0 && last.output.contains("reads nothing any more"), "\(last)")
            await #expect(throws: PostgresError.self) { try await Self.tenants(roles, login) }
            let actions = try await roles.superuser.texts("select action || ' ' || object from audit order by id")
            #expect(
                actions == [
                    "report.grant \(login)", "report.grant \(login)", "report.revoke \(login)",
                    "report.revoke \(login)",
                ])
        }
    }

    @Test func whatCannotBeIsRefused() async throws {
        try await withTenants { roles, login in
            let server = try #require(roles.server.firstMatch(of: /role_[a-z0-9]+_server/))
            for (arguments, says) in [
                (["grant", login, "nobody"], "There is no tenant nobody"),
                (["grant", String(server.output), "acme"], "is a role that Skep or its database is run with"),
                (["revoke", login, "acme"], "\(login) has no such right"),
            ] {
                let run = try await Self.run(roles, arguments[0], "--login", arguments[1], "--tenant", arguments[2])
                #expect(run.exitCode == 1 && run.errors.contains(says), "\(arguments): \(run)")
            }
            let asServer = try await ProgramRun.run(
                "database", "grant", "--login", login, "--all", environment: ["SKEP_DATABASE_URL": roles.server])
            #expect(asServer.exitCode == 1 && asServer.errors.contains("the schema's owner"), "\(asServer)")
            let both = try await Self.run(roles, "grant", "--login", login, "--all", "--tenant=acme")
            #expect(both.exitCode != 0 && both.errors.contains("either --tenant OWNER or --all"), "\(both)")
        }
    }
}
