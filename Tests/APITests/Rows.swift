import Core
import Postgres
import TestSupport
import Testing

extension TestServer {
    func count(_ what: String) async throws -> Int {
        let row = try await database.first(
            Statement(name: "test: count \(what)", sql: "select count(*) from \(what)"), [])
        return try #require(row).decode(at: 0)
    }

    /// Builds by SQL, as many as no test could push: numbers after the newest on, of a branch, each with one job.
    func load(_ count: Int, into repo: Repo, branch: String, status: Status = .success) async throws {
        let sql = """
            with numbers as (
                update build_counters set last_number = last_number + $2 where repo_id = $1 returning last_number
            ), made as (
                insert into builds (repo_id, number, event, status, finished_at, commit, branch, ref, committed_at, created_at)
                select $1, n, 'push', $4::run_status, case when $4 not in ('pending', 'running') then now() end,
                    'c', $3, 'refs/heads/' || $3, now(), now()
                from numbers, generate_series(last_number - $2 + 1, last_number) n
                returning id
            ), class as (
                insert into label_classes (labels) values ('{}') on conflict (labels) do update set labels = excluded.labels
                returning id
            )
            insert into jobs (build_id, number, status, finished_at, class_id)
            select made.id, 1, $4::run_status, case when $4 not in ('pending', 'running') then now() end, class.id
            from made, class
            """
        _ = try await database.execute(
            Statement(name: "test: load", sql: sql),
            [.int(repo.id), .int(count), .text(branch), .text(status.rawValue)])
    }
}
