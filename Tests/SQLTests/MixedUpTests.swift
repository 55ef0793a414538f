import Postgres
import TestSupport
import Testing

/// A row that names two tenants is refused, whatever statement made it.
@Suite struct MixedUpTests {
    /// Tenants 1 and 2 with repositories 1 and 2, tenant 3 with none on another forge, and a job, a token and a file of tenant 1.
    private static let world = """
        with forges as (
            insert into forges (id, name, kind, url, is_default) overriding system value
            values (11, 'one', 'git', '', true), (12, 'two', 'git', '', false)
        ), tenants as (
            insert into tenants (id, forge_id, forge_owner_id, name) overriding system value
            values (1, 11, 'a', 'a'), (2, 11, 'b', 'b'), (3, 12, 'a', 'a')
        ), repos as (
            insert into repositories (
                id, tenant_id, forge_id, forge_repo_id, owner, name, clone_url, default_branch, hook_secret, hook_secret_key
            )
            values (1, 1, 11, '1', 'a', 'x', '', '', '', ''), (2, 2, 11, '2', 'b', 'x', '', '', '', '')
        ), users as (
            insert into users (id, login) overriding system value values (1, 'ada')
        ), tokens as (
            insert into access_tokens (id, user_id, hash) overriding system value
            values (1, 1, decode(repeat('00', 32), 'hex'))
        ), classes as (
            insert into label_classes (id, labels) overriding system value values (1, '{}')
        )
        insert into build_configs (id, repo_id, hash, content) overriding system value values (1, 1, '', '')
        """

    @Test(arguments: [
        (
            "insert into secrets (tenant_id, repo_id, name, value, value_key, events) values", "'S', '', '', '{push}'",
            "1, 1", "1, 2", "secrets_are_of_one_tenant"
        ),
        (
            "insert into token_scopes (tenant_id, repo_id, token_id, level) values", "1, 'read'", "1, 1", "1, 2",
            "scopes_are_of_one_tenant"
        ),
        (
            "insert into queue (tenant_id, repo_id, id, class_id) values", "1, 1", "1, 1", "1, 2",
            "queued_work_is_of_one_tenant"
        ),
        (
            """
            insert into repositories (
                tenant_id, forge_id, id, forge_repo_id, owner, name, clone_url, default_branch, hook_secret, hook_secret_key
            ) values
            """, "3, '3', 'a', 'y', '', '', '', ''", "1, 11", "3, 11", "repositories_are_of_one_forge"
        ),
        (
            "insert into builds (repo_id, config_id, number, event, commit, branch, ref, committed_at) values",
            "1, 'push', '', '', '', now()", "1, 1", "2, 1", "builds_run_files_of_their_repository"
        ),
    ])
    func aMixedUpRowIsRefused(insert: String, rest: String, right: String, wrong: String, constraint: String)
        async throws
    {
        try await withMigratedDatabase { _, database in
            _ = try await database.execute(Statement(name: "test.world", sql: Self.world))
            let error = await #expect(throws: PostgresError.self) {
                try await database.execute(Statement(name: "test.wrong", sql: "\(insert) (\(wrong), \(rest))"))
            }
            // 23503: foreign key violation.
            #expect(error?.sqlState == "23503" && error?.debugDescription.contains(constraint) == true)
            #expect(
                try await database.execute(Statement(name: "test.right", sql: "\(insert) (\(right), \(rest))")) == 1)
        }
    }
}
