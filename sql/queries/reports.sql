-- Roll-ups of what ended. Each statement takes rows out of an outbox and adds them up in one go: when it fails, both stay as
-- they were; of two servers that run it at once, each takes other rows.

-- fragment: add_up_builds
-- Adds up the builds of "taken". Rows are written in the order of their keys, so that two servers wait for each other and
-- never in a circle.
ended as (
    select
        b.repo_id, b.id, b.number, b.branch, b.event, b.commit, b.committed_at, t.status, t.finished_at,
        (t.finished_at at time zone 'UTC')::date as day,
        greatest((extract(epoch from t.finished_at - t.started_at) * 1000)::bigint, 0) as ms,
        b.event = 'push' and b.branch = r.default_branch and t.status <> 'killed' as of_mainline
    from taken t
    join builds b on b.id = t.build_id
    join repositories r on r.id = b.repo_id
),
by_day as (
    insert into daily_builds as d (repo_id, day, branch, event, status, bucket, builds, total_ms)
    select repo_id, day, branch, event, status, coalesce(duration_bucket(ms), -1), count(*), coalesce(sum(ms), 0)
    from ended
    group by 1, 2, 3, 4, 5, 6
    order by 1, 2, 3, 4, 5, 6
    on conflict (repo_id, day, branch, event, status, bucket) do update
    set builds = d.builds + excluded.builds, total_ms = d.total_ms + excluded.total_ms
),
on_mainline as (
    insert into mainline_ends (repo_id, day, finished_at, build_id, number, commit, committed_at, succeeded)
    select repo_id, day, finished_at, id, number, commit, committed_at, status = 'success'
    from ended
    where of_mainline
    order by 1, 2, 3, 4
    on conflict (repo_id, day, finished_at, build_id) do nothing
)

-- name: count_builds
with taken as (
    delete from ended_builds
    where id in (select id from ended_builds order by id limit 1000 for update skip locked)
    returning build_id, status, started_at, finished_at
),
{{add_up_builds}}
select count(*)
from taken

-- name: count_build_history
-- A piece of what ended before there were roll-ups. Answers how many pieces that was. The limit, which is the size of a piece,
-- leaves nothing out: it tells the planner.
with piece as (
    delete from report_history
    where (kind, first_id) in (
        select kind, first_id
        from report_history
        where kind = 'builds'
        order by first_id desc
        limit 1
        for update skip locked
    )
    returning first_id, last_id, before, unfinished
),
taken as (
    select b.id as build_id, b.status, b.started_at, b.finished_at
    from piece p
    cross join lateral (
        select *
        from builds
        where id between p.first_id and p.last_id and finished_at < p.before and id <> all (p.unfinished)
        limit 2000
    ) b
),
{{add_up_builds}}
select count(*)
from piece

-- fragment: add_up_attempts
-- Adds up the attempts of "taken". What has no agent was ended by Skep itself, and waited for nobody. A wait begins when the
-- job was put on the queue, or when the attempt before was given up. An attempt lasts a day at the most, and so is in three of
-- them at the most. Steps are limited to make the planner take them from their index: it thinks the rows of "ended" to be many.
ended as (
    select
        r.tenant_id, b.repo_id, b.number as build_number, b.branch, b.event, b.commit, j.number as job_number, j.environment,
        j.class_id, a.id, a.agent_id, a.status, a.started_at, a.finished_at, a.log_day, a.log_size,
        (a.finished_at at time zone 'UTC')::date as day,
        (
            extract(
                epoch from a.started_at - greatest(
                    t.enqueued_at,
                    (select p.finished_at from attempts p where p.job_id = a.job_id and p.number = a.number - 1)
                )
            ) * 1000
        )::bigint as waited_ms
    from taken t
    join attempts a on a.id = t.attempt_id
    join jobs j on j.id = a.job_id
    join builds b on b.id = j.build_id
    join repositories r on r.id = b.repo_id
    where a.finished_at is not null
),
waits as (
    insert into hourly_waits as w (tenant_id, hour, class_id, bucket, jobs, total_ms)
    select
        tenant_id, date_trunc('hour', started_at, 'UTC'), class_id, duration_bucket(waited_ms), count(*), sum(waited_ms)
    from ended
    where agent_id is not null and waited_ms >= 0
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
    on conflict (tenant_id, hour, class_id, bucket) do update
    set jobs = w.jobs + excluded.jobs, total_ms = w.total_ms + excluded.total_ms
),
ran as (
    select
        e.repo_id, e.day, s.name, s.status,
        greatest((extract(epoch from s.finished_at - s.started_at) * 1000)::bigint, 0) as ms
    from ended e
    cross join lateral (
        select *
        from steps
        where attempt_id = e.id and started_at is not null and finished_at is not null and status <> 'skipped'
        limit 1000
    ) s
),
by_step as (
    insert into daily_steps as d (repo_id, day, name, bucket, steps, failures, total_ms)
    select
        repo_id, day, name, duration_bucket(ms), count(*), count(*) filter (where status in ('failure', 'error')), sum(ms)
    from ran
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
    on conflict (repo_id, day, name, bucket) do update
    set steps = d.steps + excluded.steps,
        failures = d.failures + excluded.failures,
        total_ms = d.total_ms + excluded.total_ms
),
worked as (
    select
        e.agent_id, w.day,
        extract(
            epoch from least(e.finished_at, (w.day + 1)::timestamp at time zone 'UTC')
                - greatest(e.started_at, w.day::timestamp at time zone 'UTC')
        ) * 1000 as ms
    from ended e
    cross join (values (0), (1), (2)) as later (days)
    cross join lateral (select (e.started_at at time zone 'UTC')::date + later.days as day) w
    where e.agent_id is not null and w.day <= e.day
),
by_agent as (
    insert into daily_agents as d (agent_id, day, attempts, busy_ms)
    select agent_id, day, count(*), sum(ms)::bigint
    from worked
    group by 1, 2
    order by 1, 2
    on conflict (agent_id, day) do update
    set attempts = d.attempts + excluded.attempts, busy_ms = d.busy_ms + excluded.busy_ms
),
stored as (
    insert into daily_storage as d (repo_id, day, attempts, log_bytes, stored_bytes)
    select
        e.repo_id, e.log_day, count(*), sum(e.log_size),
        coalesce(
            sum(
                (
                    select sum(octet_length(s.data))
                    from log_segments s
                    where s.day = e.log_day and s.attempt_id = e.id
                )
            ), 0
        )
    from ended e
    where e.log_size > 0
    group by 1, 2
    order by 1, 2
    on conflict (repo_id, day) do update
    set attempts = d.attempts + excluded.attempts,
        log_bytes = d.log_bytes + excluded.log_bytes,
        stored_bytes = d.stored_bytes + excluded.stored_bytes
),
outcomes as (
    insert into job_outcomes as o (
        repo_id, commit, branch, event, job_number, environment, last_build, day, successes, failures
    )
    select
        repo_id, commit, branch, event, job_number, (array_agg(environment order by build_number desc))[1],
        max(build_number), max(day), count(*) filter (where status = 'success'),
        count(*) filter (where status = 'failure')
    from ended
    where status in ('success', 'failure') and day > (now() at time zone 'UTC')::date - 90
    group by 1, 2, 3, 4, 5
    order by 1, 2, 3, 4, 5
    on conflict (repo_id, commit, branch, event, job_number) do update
    set environment = case when excluded.last_build > o.last_build then excluded.environment else o.environment end,
        last_build = greatest(o.last_build, excluded.last_build),
        day = greatest(o.day, excluded.day),
        successes = o.successes + excluded.successes,
        failures = o.failures + excluded.failures
)

-- name: count_attempts
with taken as (
    delete from ended_attempts
    where id in (select id from ended_attempts order by id limit 1000 for update skip locked)
    returning attempt_id, enqueued_at
),
{{add_up_attempts}}
select count(*)
from taken

-- name: count_attempt_history
-- As count_build_history. The wait of an attempt that was followed by a restart is not known any more: it would be below 0.
with piece as (
    delete from report_history
    where (kind, first_id) in (
        select kind, first_id
        from report_history
        where kind = 'attempts'
        order by first_id desc
        limit 1
        for update skip locked
    )
    returning first_id, last_id, before, unfinished
),
taken as (
    select a.id as attempt_id, j.enqueued_at
    from piece p
    cross join lateral (
        select *
        from attempts
        where id between p.first_id and p.last_id and finished_at < p.before and id <> all (p.unfinished)
        limit 2000
    ) a
    join jobs j on j.id = a.job_id
),
{{add_up_attempts}}
select count(*)
from piece

-- name: forget_outcomes
delete from job_outcomes
where (repo_id, commit, branch, event, job_number) in (
    select repo_id, commit, branch, event, job_number
    from job_outcomes
    where day <= (now() at time zone 'UTC')::date - 90
    order by day
    limit 1000
    for update skip locked
)

-- name: grant_reader
select ci_report.grant_reader($1, $2, $3, $4, $5, $6)

-- name: revoke_reader
select ci_report.revoke_reader($1, $2)

-- name: as_server
-- A server's own login sees reports as its role does, which sees all tenants; a reader stays who it is.
select set_config('role', 'skep_server', true)
where pg_has_role(current_user, 'skep_server', 'member')

-- fragment: in_period
-- The last $2 hours, rounded up to days in UTC with today as the last of them, and the repository $1 where it is not null.
day > (now() at time zone 'UTC')::date - ceil($2::integer / 24.0)::integer and ($1::text is null or repository = $1::text)

-- name: durations
select
    repository, branch, event, sum(builds)::bigint,
    extract(epoch from ci_report.percentile(ci_report.merge(histogram), 0.5))::double precision,
    extract(epoch from ci_report.percentile(ci_report.merge(histogram), 0.95))::double precision,
    extract(epoch from sum(total))::double precision
from ci_report.build_durations
where {{in_period}}
group by 1, 2, 3
order by 7 desc, 1, 2, 3
limit 50

-- name: waits
-- Of whole tenants: what a single repository waits for is not kept.
select
    tenant, labels::text, sum(jobs)::bigint,
    extract(epoch from ci_report.percentile(ci_report.merge(histogram), 0.5))::double precision,
    extract(epoch from ci_report.percentile(ci_report.merge(histogram), 0.95))::double precision
from ci_report.queue_wait
where hour >= date_trunc('hour', now()) - $2::integer * interval '1 hour'
    and ($1::text is null or tenant_id in (select r.tenant_id from ci_report.repositories r where r.full_name = $1::text))
group by 1, 2
order by 5 desc nulls last, 1, 2
limit 50

-- name: failures
select
    repository, branch, event, sum(builds)::bigint, sum(failed)::bigint, sum(errors)::bigint, sum(killed)::bigint,
    (sum(failed + errors) / nullif(sum(builds - killed), 0))::double precision
from ci_report.failure_rates
where {{in_period}}
group by 1, 2, 3
order by 5 desc, 1, 2, 3
limit 50

-- name: flaky
select repository, job_number, environment::text, count(*), sum(successes)::bigint, sum(failures)::bigint
from ci_report.flaky_jobs
where {{in_period}}
group by 1, 2, 3
order by 4 desc, 1, 2
limit 50

-- name: steps
-- With the change of the median against a period as long before.
with days as (
    select
        repository, step, runs, total, histogram,
        day > (now() at time zone 'UTC')::date - ceil($2::integer / 24.0)::integer as is_now
    from ci_report.step_durations
    where day > (now() at time zone 'UTC')::date - 2 * ceil($2::integer / 24.0)::integer
        and ($1::text is null or repository = $1::text)
),
steps as (
    select
        repository, step, sum(runs) filter (where is_now) as runs, sum(total) filter (where is_now) as total,
        ci_report.merge(histogram) filter (where is_now) as histogram,
        ci_report.merge(histogram) filter (where not is_now) as before
    from days
    group by repository, step
)
select
    repository, step, runs::bigint, extract(epoch from ci_report.percentile(histogram, 0.5))::double precision,
    extract(epoch from ci_report.percentile(histogram, 0.95))::double precision,
    extract(epoch from total)::double precision,
    (
        extract(epoch from ci_report.percentile(histogram, 0.5))
        / nullif(extract(epoch from ci_report.percentile(before, 0.5)), 0) - 1
    )::double precision
from steps
where runs > 0
order by total desc, repository, step
limit 50

-- name: agents
-- $1, a repository, says nothing here.
select
    agent, tenant, sum(attempts)::bigint, extract(epoch from sum(busy))::double precision,
    (extract(epoch from sum(busy)) / nullif(extract(epoch from sum(available)), 0))::double precision
from ci_report.agent_utilisation
where day > (now() at time zone 'UTC')::date - ceil($2::integer / 24.0)::integer
    and ($1::text is null or $1::text <> '')
group by agent_id, 1, 2
order by 5 desc nulls last, 1
limit 50

-- name: storage
-- $2, a period, says nothing here.
select repository, builds, attempts, log_bytes, stored_bytes
from ci_report.storage_by_repository
where ($1::text is null or repository = $1::text) and $2::integer is not null
order by 5 desc, 1
limit 50

-- name: usage
-- Of whole tenants, by month.
select tenant, to_char(month, 'YYYY-MM'), builds, extract(epoch from job_time)::double precision, log_bytes
from ci_report.usage_by_month
where month >= date_trunc('month', now() at time zone 'UTC' - $2::integer * interval '1 hour')::date
    and ($1::text is null or tenant_id in (select r.tenant_id from ci_report.repositories r where r.full_name = $1::text))
order by 2 desc, 4 desc, 1
limit 200

-- name: recovery
select
    repository, sum(recoveries)::bigint,
    extract(epoch from sum(total) / sum(recoveries)::double precision)::double precision
from ci_report.mean_time_to_recovery
where {{in_period}}
group by 1
order by 3 desc, 1
limit 50

-- name: lead_time
select
    repository, count(*),
    extract(epoch from percentile_cont(0.5) within group (order by lead_time))::double precision,
    extract(epoch from percentile_cont(0.95) within group (order by lead_time))::double precision
from ci_report.lead_time
where {{in_period}}
group by 1
order by 2 desc, 1
limit 50
