-- Removal of what the rules let go: logs first, then rows, a few builds at a time. Roll-ups keep what they have counted.

-- fragment: limits
-- What the rules say of repository $1. Nothing goes before it is in the roll-ups.
limits as materialized (
    select
        now() - nullif(coalesce(o.build_days, t.build_days, s.build_days), 0) * interval '1 day' as builds_before,
        (select c.last_number from build_counters c where c.repo_id = r.id)
            - nullif(coalesce(o.build_count, t.build_count, s.build_count), 0) as builds_up_to,
        now() - nullif(coalesce(o.log_days, t.log_days, s.log_days), 0) * interval '1 day' as logs_before,
        (
            select max(d.day)
            from (
                select day, sum(stored_bytes) over (order by day desc) as bytes
                from daily_storage
                where repo_id = r.id
            ) d
            where d.bytes > nullif(coalesce(o.log_bytes, t.log_bytes, s.log_bytes), 0)
        ) as logs_through
    from repositories r
    left join retention_rules s on s.tenant_id is null
    left join retention_rules t on t.tenant_id = r.tenant_id and t.repo_id is null
    left join retention_rules o on o.repo_id = r.id
    where r.id = $1 and not exists (select from report_history)
)

-- fragment: candidates
-- The next 200 builds of repository $1 after number $2, and which of them may lose log or rows. Tags, deployments and the last
-- success of each branch stay, and what ended in the last day.
{{limits}},
looked_at as materialized (
    select id, number, event, branch, status, created_at, finished_at
    from builds
    where repo_id = $1 and number > $2
    order by number
    limit 200
),
candidates as materialized (
    select
        b.id, b.number,
        coalesce(b.created_at < l.builds_before or b.number <= l.builds_up_to, false) as build_goes,
        coalesce(
            b.created_at < l.builds_before
                or b.number <= l.builds_up_to
                or b.created_at < l.logs_before
                or (b.created_at at time zone 'UTC')::date <= l.logs_through,
            false
        ) as log_goes
    from looked_at b
    cross join limits l
    where b.finished_at < now() - interval '1 day'
        and b.event in ('push', 'pull_request')
        and (
            b.event <> 'push'
            or b.status <> 'success'
            or exists (
                select
                from builds n
                where n.repo_id = $1
                    and n.branch = b.branch
                    and n.event = 'push'
                    and n.number > b.number
                    and n.status = 'success'
            )
        )
)

-- name: repos
-- Repositories with an id above $1 that a rule is for.
select r.id
from repositories r
where r.id > $1
    and r.deleted_at is null
    and exists (
        select
        from retention_rules u
        where u.tenant_id is null or u.tenant_id = r.tenant_id and (u.repo_id is null or u.repo_id = r.id)
    )
order by r.id
limit $2

-- name: estimate
-- What would go of the next 200 builds after number $2 of repository $1: builds, logs, bytes of log; and the last number
-- looked at, null at the end.
with {{candidates}}
select
    count(*) filter (where c.build_goes),
    coalesce(sum(a.logs) filter (where c.log_goes), 0)::bigint,
    coalesce(sum(a.bytes) filter (where c.log_goes), 0)::bigint,
    (select max(number) from looked_at)
from candidates c
cross join lateral (
    select count(*) filter (where a.log_size > 0) as logs, sum(a.log_size) as bytes
    from jobs j
    join attempts a on a.job_id = j.id
    where j.build_id = c.id
) a

-- name: remove_logs
-- Removes up to $3 logs of the next 200 builds after number $2 of repository $1. Answers how many. Days are locked in their
-- order, as reports.count_attempts does.
with {{candidates}},
chosen as (
    select a.id, a.log_day, a.log_size
    from candidates c
    join jobs j on j.build_id = c.id
    join attempts a on a.job_id = j.id
    where c.log_goes and a.log_size > 0 and a.finished_at is not null
    order by c.number
    limit $3
    for update of a skip locked
),
segments as (
    delete from log_segments s
    using chosen c
    where s.day = c.log_day and s.attempt_id = c.id
    returning s.attempt_id, octet_length(s.data) as bytes
),
emptied as (
    update attempts a
    set log_size = 0
    from chosen c
    where a.id = c.id
),
days as (
    select day
    from daily_storage
    where repo_id = $1 and day in (select log_day from chosen)
    order by day
    for no key update
),
counted as (
    update daily_storage d
    set attempts = greatest(d.attempts - g.attempts, 0),
        log_bytes = greatest(d.log_bytes - g.log_bytes, 0),
        stored_bytes = greatest(d.stored_bytes - g.stored_bytes, 0)
    from (
        select
            c.log_day, count(*) as attempts, sum(c.log_size) as log_bytes,
            coalesce(sum((select sum(s.bytes) from segments s where s.attempt_id = c.id)), 0) as stored_bytes
        from chosen c
        group by c.log_day
    ) g
    join days on days.day = g.log_day
    where d.repo_id = $1 and d.day = g.log_day
)
select count(*)
from chosen

-- name: remove_builds
-- Removes up to $3 builds of the next 200 after number $2 of repository $1, those that have no log any more. Answers how many.
with {{candidates}},
chosen as (
    select b.id
    from candidates c
    join builds b on b.id = c.id
    where c.build_goes
        and not exists (
            select
            from jobs j
            join attempts a on a.job_id = j.id
            where j.build_id = c.id and a.log_size > 0
        )
    order by c.number
    limit $3
    for update of b skip locked
),
gone as (
    delete from builds b
    using chosen c
    where b.id = c.id and b.status in ('success', 'failure', 'killed', 'error')
    returning b.id
)
select count(*)
from gone

-- name: last_looked_at
-- The last of the next 200 builds after number $2 of repository $1; null at the end.
select max(number)
from (
    select number
    from builds
    where repo_id = $1 and number > $2
    order by number
    limit 200
) looked_at

-- name: drop_empty_partitions
select drop_empty_partitions((now() at time zone 'UTC')::date - 7)

-- name: rules
-- The server's first, then those of tenants and their repositories.
select
    case when f.is_default or f.id is null then t.name else f.name || ':' || t.name end, r.full_name, u.build_days,
    u.build_count, u.log_days, u.log_bytes
from retention_rules u
left join tenants t on t.id = u.tenant_id
left join forges f on f.id = t.forge_id
left join repositories r on r.id = u.repo_id
order by u.tenant_id nulls first, u.repo_id nulls first

-- name: set_rule
insert into retention_rules (tenant_id, repo_id, build_days, build_count, log_days, log_bytes)
values ($1, $2, $3, $4, $5, $6)
on conflict (tenant_id, repo_id) do update
set build_days = excluded.build_days,
    build_count = excluded.build_count,
    log_days = excluded.log_days,
    log_bytes = excluded.log_bytes

-- name: delete_rule
delete from retention_rules
where tenant_id is not distinct from $1 and repo_id is not distinct from $2
