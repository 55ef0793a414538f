-- name: create
insert into attempts (job_id, number, agent_id)
values ($1, $2, $3)
returning id

-- name: create_finished
-- An attempt that Skep itself ends at once, to have a log to say why in.
insert into attempts (job_id, number, status, error, started_at, finished_at, log_size)
values ($1, $2, $3::run_status, $4, now(), now(), $5)
returning id

-- name: find_of_agent
-- An attempt for the agent that has it.
select a.job_id, a.number, a.status, a.log_size, a.log_day, j.cancel_requested, j.attempt, j.build_id
from attempts a
join jobs j on j.id = a.job_id
join agents g on g.id = a.agent_id
where a.id = $1 and g.token_id = $2

-- name: start
update attempts
set status = 'running', started_at = now()
where id = $1 and status = 'pending'

-- fragment: note_use
-- What the attempts of "ended" used is their tenants'.
used as (
    insert into usage_outbox (tenant_id, job_seconds, log_bytes)
    select
        r.tenant_id, ceil(coalesce(extract(epoch from e.finished_at - e.started_at), 0))::bigint, e.log_size
    from ended e
    join jobs j on j.id = e.job_id
    join builds b on b.id = j.build_id
    join repositories r on r.id = b.repo_id
)

-- name: finish
with ended as (
    update attempts
    set status = $2::run_status, exit_code = $3, error = $4, finished_at = now()
    where id = $1 and status in ('pending', 'running') and log_size = $5
    returning *
),
{{note_use}}
select watched_until > clock_timestamp()
from ended

-- name: give_up
-- Ends an attempt whose agent was lost.
with ended as (
    update attempts a
    set status = 'error', error = $3, finished_at = now()
    where a.job_id = $1 and a.number = $2 and a.status in ('pending', 'running')
    returning *
),
{{note_use}}
select
    e.id,
    e.log_size,
    coalesce((select max(s.step) from log_segments s where s.day = e.log_day and s.attempt_id = e.id), 0)
from ended e

-- name: say
-- Appends a segment of Skep's own words to the log of an ended attempt.
with longer as (
    update attempts
    set log_size = log_size + $2
    where id = $1 and log_size = $3
    returning id, job_id, log_day
),
used as (
    insert into usage_outbox (tenant_id, log_bytes)
    select r.tenant_id, $2
    from longer l
    join jobs j on j.id = l.job_id
    join builds b on b.id = j.build_id
    join repositories r on r.id = b.repo_id
)
insert into log_segments (day, attempt_id, "offset", length, step, crc32, data)
select log_day, id, $3, $2, $4, $5, $6
from longer

-- name: create_step
insert into steps (attempt_id, number, name, image)
values ($1, $2, $3, $4)

-- name: update_step
-- A step of an attempt that is not over: what ends an attempt closes its steps, and nothing opens one again.
with alive as (
    select id
    from attempts
    where id = $1 and status in ('pending', 'running')
    for share
)
update steps s
set status = $3::run_status,
    exit_code = $4,
    started_at = coalesce($5, s.started_at),
    finished_at = coalesce($6, s.finished_at)
from alive
where s.attempt_id = alive.id and s.number = $2

-- name: close_steps
-- Steps that an ended attempt left open.
update steps
set status = case when status = 'pending' then 'skipped' else $2::run_status end, finished_at = now()
where attempt_id = $1 and status in ('pending', 'running')
