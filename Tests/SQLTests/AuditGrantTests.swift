import Core
import Foundation
import Postgres
import Sealing
import Store
import TestSupport
import Testing

/// What the server's own role cannot do, though somebody had it at a prompt.
@Suite struct AuditGrantTests {
    /// The entry that was written stays as it was, in the table and in partitions that are made later.
    @Test func theServerOnlyAddsToTheAudit() async throws {
        try await withRoles { roles in
            let server = Database(DatabaseConfiguration(url: roles.server), logger: .silent)
            let store = Store(database: server, keyRing: try KeyRing(text: KeyRing.generate(id: "test")))
            try await store.makePartitions(days: 3)
            try await store.record(AuditEntry(by: .operator("ada"), tenantID: nil, "user.create", "bob"))
            let before = try await roles.superuser.texts("select row(a.*) from audit a")
            #expect(before.count == 1)
            let tables = try await roles.superuser.texts(
                "select relname from pg_class where relname ~ '^audit' and relkind in ('r', 'p')")
            #expect(tables.count == 5)
            for table in tables {
                for sql in [
                    "update \(table) set actor = 'eve'", "delete from \(table)", "truncate \(table)",
                    "drop table \(table)", "alter table \(table) add column x text",
                    "select 1 from \(table) for update", "alter table audit detach partition \(table)",
                    "create rule r as on insert to \(table) do instead nothing",
                    "merge into \(table) a using (select 1) one on true when matched then delete",
                ] {
                    let error = await #expect(throws: PostgresError.self, "\(sql)") { try await server.run(sql) }
                    #expect(error?.sqlState == "42501", "\(sql): \(error?.debugDescription ?? "")")
                }
            }
            #expect(try await roles.superuser.texts("select row(a.*) from audit a") == before)
            let rights = try await roles.superuser.texts(
                """
                select distinct c.relname || ' ' || p.name
                from pg_class c
                cross join unnest(array['update', 'delete', 'truncate', 'references', 'trigger']) as p (name)
                where c.relname ~ '^audit' and c.relkind in ('r', 'p') and has_table_privilege('skep_server', c.oid, p.name)
                """)
            #expect(rights == [])
            await server.close()
        }
    }

    /// Every column that could hold text or bytes, read as the server's role, for what was sealed and what is only hashed.
    @Test func theServersRoleReadsNoSecretInClear() async throws {
        try await withRoles { roles in
            let server = Database(DatabaseConfiguration(url: roles.server), logger: .silent)
            let planted = try await Planted.into(server)
            let columns = try await server.query(Self.columns).map { row in
                (table: try row.decode(String.self, at: 0), column: try row.decode(String.self, at: 1))
            }
            #expect(columns.count > 100 && columns.contains { $0 == ("secrets", "value") })
            var found: [String] = []
            for (table, column) in columns {
                for text in [planted.marker] + planted.secrets {
                    for form in [text, Array(text.utf8).hex, Data(text.utf8).base64EncodedString()] {
                        let sql = "select 1 from \"\(table)\" where strpos(\"\(column)\"::text, $1) > 0"
                        if try await server.run(sql, [.text(form)]) > 0 { found.append("\(table).\(column)") }
                    }
                }
            }
            // The marker proves that the scan sees what is in clear.
            #expect(found == ["tenants.display_name"])
            await server.close()
        }
    }

    private static let columns = Statement(
        name: "test.columns",
        sql: """
            select table_name::text, column_name::text
            from information_schema.columns
            where table_schema = 'public'
                and data_type in ('text', 'bytea', 'json', 'jsonb', 'ARRAY', 'name', 'character varying', 'USER-DEFINED')
            """)
}

/// Secrets of every kind, put where they belong, and a marker where everybody sees it.
private struct Planted {
    let marker = "marker-\(UUID().uuidString)"
    var secrets: [String] = []

    static func into(_ database: Database) async throws -> Planted {
        var planted = Planted()
        let store = Store(database: database, keyRing: try KeyRing(text: KeyRing.generate(id: "test")))
        try await store.checkKeyRing()
        let forge = try await store.ensureForge(name: "git", kind: "git", url: "", isDefault: true)
        let tenant = try await store.ensureTenant(forgeID: forge, forgeOwnerID: "acme", name: "acme").tenant
        var change = TenantChange()
        change.displayName = planted.marker
        _ = try await store.updateTenant(id: tenant.id, change)
        let hook = "hook-\(UUID().uuidString)"
        let repo = try await store.createRepo(
            NewRepo(
                id: try await store.nextRepoID(), tenantID: tenant.id, forgeID: forge, forgeRepoID: "1", owner: "acme",
                name: "app", avatarURL: "", linkURL: "", cloneURL: "", defaultBranch: "main", isPrivate: true,
                hookSecret: Array(hook.utf8), activatedBy: ""))
        let pair = try await KeyPair.generated()
        try await store.createKeyPair(repoID: repo.id, pair)
        let value = "canary-\(UUID().uuidString)"
        for place in [SecretPlace(tenantID: tenant.id), SecretPlace(tenantID: tenant.id, repoID: repo.id)] {
            let secret = NamedSecret(name: "C", value: value, events: [.push], images: [])
            _ = try await store.createSecret(place, secret, by: "ada")
        }
        let user = try #require(try await store.createUser(login: "ada", email: "", admin: true))
        let token = Token.generate()
        _ = try await store.createToken(userID: user.id, name: "", hash: token.hash)
        // The lines further up have the modulus, which is public.
        let key = pair.privatePEM.split(separator: "\n").suffix(6).prefix(3).map(String.init)
        planted.secrets = [value, hook, token.text] + key
        return planted
    }
}
