import Postgres
import TestSupport
import Testing

/// Access that was lost comes back with nothing but the database's URL, as the server's role.
@Suite struct LostAccessTests {
    @Test func theFirstAdministratorIsMadeOffline() async throws {
        try await withRoles { roles in
            let environment = ["SKEP_DATABASE_URL": roles.server]
            let made = try await ProgramRun.run("user", "add", "ada", "--admin", environment: environment)
            #expect(made.exitCode == 0, "\(made.errors)")
            #expect(try await owner(of: made.line, roles) == ["ada"])
            #expect(try await roles.superuser.texts("select login from users where admin and active") == ["ada"])
            let again = try await ProgramRun.run("user", "add", "ADA", environment: environment)
            #expect(again.exitCode == 1 && again.errors.contains("There is a user ADA already"))
            let wrong = try await ProgramRun.run("user", "add", "a b", environment: environment)
            #expect(wrong.exitCode == 1 && wrong.errors.contains("login must be"))
        }
    }

    @Test func aLockedOutAdministratorGetsBackIn() async throws {
        try await withRoles { roles in
            let environment = ["SKEP_DATABASE_URL": roles.server]
            _ = try await ProgramRun.run("user", "add", "ada", environment: environment)
            try await roles.superuser.run("update users set active = false")
            let promoted = try await ProgramRun.run("user", "promote", "Ada", environment: environment)
            #expect(promoted.exitCode == 0, "\(promoted.errors)")
            #expect(try await owner(of: promoted.line, roles) == ["ada"])
            #expect(try await roles.superuser.texts("select login from users where admin and active") == ["ada"])
            let token = try await ProgramRun.run("token", "create", "ada", "--name", "spare", environment: environment)
            #expect(try await owner(of: token.line, roles) == ["ada"])
            let nobody = try await ProgramRun.run("user", "promote", "nobody", environment: environment)
            #expect(nobody.exitCode == 1 && nobody.errors == "skep: There is no user nobody.\n")
            let agent = try await ProgramRun.run("token", "agent", environment: environment)
            #expect(agent.line.hasPrefix("skepa_"))
            let audit = try await roles.superuser.texts("select actor_kind || ' ' || action from audit order by id")
            #expect(
                audit == [
                    "operator user.create", "operator token.create", "operator user.update", "operator token.create",
                    "operator token.create", "operator agent_token.create",
                ])
            let actors = try await roles.superuser.texts("select distinct actor <> '' from audit")
            #expect(actors == ["true"])
        }
    }

    @Test func aServiceAccountIsNoAdministrator() async throws {
        try await withRoles { roles in
            try await roles.superuser.run("insert into forges (name, kind) values ('git', 'git')")
            try await roles.superuser.run("insert into tenants (forge_id, forge_owner_id, name) values (1, 'a', 'a')")
            try await roles.superuser.run("insert into users (login, kind, tenant_id) values ('bot@a', 'service', 1)")
            let refused = try await ProgramRun.run(
                "user", "promote", "bot@a", environment: ["SKEP_DATABASE_URL": roles.server])
            #expect(refused.exitCode == 1 && refused.errors.contains("is a service account"))
        }
    }

    /// Logins whose active user the token is of.
    private func owner(of token: String, _ roles: DatabaseRoles) async throws -> [String] {
        try await roles.superuser.texts(
            """
            select u.login from access_tokens t join users u on u.id = t.user_id
            where t.hash = sha256(convert_to($1, 'UTF8')) and u.active
            """, [.text(token)])
    }
}
