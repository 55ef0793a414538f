/// Rows that a build leaves, in SQL.
enum TenancyRows {
    static let build = """
        with config as (
            insert into build_configs (repo_id, hash, content) values ($1, $2, $3) returning id
        ), counted as (
            update build_counters set last_number = 1 where repo_id = $1
        ), class as (
            insert into label_classes (labels) values ('{}') on conflict (labels) do update set labels = excluded.labels
            returning id
        ), made as (
            insert into builds (
                repo_id, number, event, status, finished_at, commit, branch, ref, remote, title, message, committed_at,
                author, author_email, link_url, config_id
            )
            select
                $1, 1, 'push', 'success', now(), $5, $4, 'refs/heads/' || $4, $5, $5, $5, now(), $5,
                $5 || '@example.com', $5, config.id
            from config
            returning id
        )
        insert into jobs (build_id, number, status, finished_at, class_id, environment, attempt)
        select made.id, 1, 'success', now(), class.id, $6::json, 1
        from made, class
        returning id
        """

    static let attempt = """
        with made as (
            insert into attempts (job_id, number, status, finished_at, log_size)
            values ($1, 1, 'success', now(), $2)
            returning id
        ), stepped as (
            insert into steps (attempt_id, number, name) select id, 1, $3 from made
        )
        select id from made
        """

    static let segment = """
        insert into log_segments (day, attempt_id, "offset", length, step, crc32, data)
        select log_day, id, 0, $2, 1, $3, $4 from attempts where id = $1
        returning attempt_id
        """
}
