-- name: read
-- A build with its jobs: a row for each job, or one without job columns. One row always.
with {{access}}
select c.token_id, c.stale, r.id, {{build_columns}}, {{job_columns}}, {{step_columns}}
from (select) one
left join caller c on true
left join repo r on true
left join builds b on b.repo_id = r.id and b.number = $5
left join jobs j on j.build_id = b.id
{{steps_of_job}}
order by j.number

-- name: read_latest
-- The newest push build of a branch, the default branch where $5 is null.
with {{access}}
select c.token_id, c.stale, r.id, {{build_columns}}, {{job_columns}}, {{step_columns}}
from (select) one
left join caller c on true
left join repo r on true
left join lateral (
    select *
    from builds
    where repo_id = r.id and event = 'push' and branch = coalesce($5, r.default_branch)
    order by number desc
    limit 1
) b on true
left join jobs j on j.build_id = b.id
{{steps_of_job}}
order by j.number

-- fragment: steps_of_job
-- The steps of the run that the job's other columns describe: none of an earlier run while the job waits for the next.
left join attempts a on a.job_id = j.id and a.number = j.attempt and (j.status <> 'pending' or a.finished_at is null)
left join lateral (
    select
        array_agg(number) as numbers,
        array_agg(name) as names,
        array_agg(image) as images,
        array_agg(status::text) as statuses,
        array_agg(exit_code) as exit_codes,
        array_agg(coalesce(floor(extract(epoch from started_at)), 0)::bigint) as starts,
        array_agg(coalesce(floor(extract(epoch from finished_at)), 0)::bigint) as ends
    from (select * from steps where attempt_id = a.id order by number) in_order
) p on true

-- fragment: step_columns
p.numbers, p.names, p.images, p.statuses, p.exit_codes, p.starts, p.ends

-- name: read_list
-- Newest builds below number $5, a row each. One row always.
with {{access}}
select c.token_id, c.stale, r.id, {{build_columns}}
from (select) one
left join caller c on true
left join repo r on true
left join lateral (
    select *
    from builds
    where repo_id = r.id and number < $5
    order by number desc
    limit $6
) b on true
order by b.number desc

-- name: read_list_filtered
-- As read_list, but only those of branch $7, event $8 and status $9 (each null: any), and only among the newest $10 below $5.
-- The fourth column is the lowest number looked at.
with {{access}},
window_of_builds as materialized (
    select b.*
    from repo r
    join lateral (
        select *
        from builds
        where repo_id = r.id and number < $5
        order by number desc
        limit $10
    ) b on true
)
select c.token_id, c.stale, r.id, (select min(number) from window_of_builds), {{build_columns}}
from (select) one
left join caller c on true
left join repo r on true
left join lateral (
    select *
    from window_of_builds
    where ($7::text is null or branch = $7::text)
        and ($8::text is null or event = $8::text::build_event)
        and ($9::text is null or status = $9::text::run_status)
    order by number desc
    limit $6
) b on true
order by b.number desc

-- name: jobs_of
select j.build_id, {{job_columns}}
from jobs j
where j.build_id = any($1)
order by j.build_id, j.number

-- name: lock
select {{build_columns}}
from builds b
where b.id = $1
for update

-- name: lock_if_free
-- As lock; answers nothing for a build that somebody else has locked.
select {{build_columns}}
from builds b
where b.id = $1
for update skip locked

-- name: lock_by_number
select {{build_columns}}, b.config_id
from builds b
where b.repo_id = $1 and b.number = $2
for update

-- name: unfinished
-- Builds of a ref with a lower number that have not ended.
select id
from builds
where repo_id = $1
    and event = $2::build_event
    and ref = $3
    and number < $4
    and status in ('pending', 'running')
order by id

-- name: draw_numbers
-- Draws $2 numbers; answers the last.
update build_counters
set last_number = last_number + $2
where repo_id = $1
returning last_number

-- name: create
-- Builds of repository $1 with the numbers after $2, in the order of the arrays. A parent, delivery or deployment of 0 is none.
with given as (
    select *
    from
        unnest(
            $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
            $12::text[], $13::text[], $14::timestamptz[], $15::text[], $16::text[], $17::text[], $18::text[], $19::bigint[],
            $20::bigint[], $21::bigint[], $22::text[], $23::text[], $24::text[], $25::text[], $26::bigint[]
        ) with ordinality as given (
            parent, event, error, deploy_to, commit, branch, ref, refspec, remote, title, message, committed_at, author,
            author_avatar, author_email, link_url, config_id, delivery_id, from_fork, sealed, changed_paths, approval,
            approval_by, deployment, place
        )
),
made as (
    insert into builds (
        repo_id, number, parent, event, status, error, finished_at, deploy_to, commit, branch, ref, refspec, remote, title,
        message, committed_at, author, author_avatar, author_email, link_url, config_id, delivery_id, from_fork, sealed,
        changed_paths, approval, approval_by, deployment
    )
    select
        $1, $2 + place, nullif(parent, 0), event::build_event,
        case when error = '' then 'pending' else 'error' end::run_status, error, case when error <> '' then now() end,
        deploy_to, commit, branch, ref, refspec, remote, title, message, committed_at, author, author_avatar, author_email,
        link_url, config_id, nullif(delivery_id, 0), from_fork <> 0, sealed, changed_paths::text[],
        approval::approval_state, approval_by, nullif(deployment, 0)
    from given
    order by place
    returning *
),
used as (
    insert into usage_outbox (tenant_id, builds)
    select r.tenant_id, count(*)
    from made
    join repositories r on r.id = made.repo_id
    group by r.tenant_id
)
select {{build_columns}}
from made b
order by b.number

-- name: settle
-- Sets a build's status from its jobs, in the transaction that changed one of them and holds the build's lock, and makes the
-- event that tells of it.
with sums as (
    select
        array_agg(status order by number) as jobs,
        min(started_at) as started_at,
        max(finished_at) as finished_at,
        bool_and(status = 'pending') as pending,
        bool_or(status in ('pending', 'running')) as unfinished,
        case
            when bool_or(status = 'error') then 'error'
            when bool_or(status = 'killed') then 'killed'
            when bool_or(status = 'failure') then 'failure'
            else 'success'
        end::run_status as outcome
    from jobs
    where build_id = $1
),
settled as (
    update builds b
    set status = case when s.pending then 'pending' when s.unfinished then 'running' else s.outcome end,
        started_at = s.started_at,
        finished_at = case when s.unfinished then null else s.finished_at end
    from sums s
    where b.id = $1
    returning b.*
),
{{make_event}}
select {{build_columns}}
from settled b

-- name: restart
update builds b
set status = 'pending', error = '', enqueued_at = now(), started_at = null, finished_at = null
where b.id = $1
returning {{build_columns}}

-- name: approve
update builds b
set approval = 'approved', approval_by = $2, enqueued_at = now()
where b.id = $1 and b.approval = 'required'
returning {{build_columns}}

-- name: decline
update builds b
set approval = 'declined', approval_by = $2, error = $3
where b.id = $1 and b.approval = 'required'
returning {{build_columns}}

-- name: put_config
insert into build_configs (repo_id, hash, content)
values ($1, $2, $3)
on conflict (repo_id, hash) do update set hash = excluded.hash
returning id

-- name: source
-- What a copy of a build is made of.
select c.content, b.sealed, b.changed_paths, {{build_columns}}
from builds b
join build_configs c on c.id = b.config_id
where b.repo_id = $1 and b.number = $2
