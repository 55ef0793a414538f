-- name: create
-- A limit of 0 is none: the job is in no group.
insert into jobs as j (
    build_id, number, status, environment, class_id, error, finished_at, concurrency_group, concurrency_limit
)
select
    build_id, number, case when error = '' then 'pending' else 'error' end::run_status, environment::json, class_id, error,
    case when error <> '' then now() end, concurrency_group, nullif(concurrency_limit, 0)
from
    unnest($1::bigint[], $2::integer[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::integer[]) with ordinality as given (
        build_id, number, environment, class_id, error, concurrency_group, concurrency_limit, place
    )
order by place
returning {{job_columns}}, j.build_id

-- name: of_build
select {{job_columns}}
from jobs j
where j.build_id = $1
order by j.number

-- name: lock
select {{job_columns}}
from jobs j
where j.build_id = $1 and j.number = $2::bigint
for update

-- name: restart
update jobs j
set status = 'pending', exit_code = 0, error = '', cancel_requested = false, enqueued_at = now(), started_at = null,
    finished_at = null
where j.build_id = $1
returning {{job_columns}}, j.class_id, j.concurrency_group, j.concurrency_limit

-- name: release
-- Of an approved build.
update jobs j
set enqueued_at = now()
where j.build_id = $1 and j.status = 'pending'
returning {{job_columns}}, j.class_id, j.concurrency_group, j.concurrency_limit

-- name: begin_attempt
update jobs
set attempt = $2
where id = $1 and status = 'pending'

-- name: start
update jobs
set status = 'running', started_at = coalesce(started_at, now())
where id = $1 and attempt = $2 and status = 'pending'
returning build_id

-- name: finish
update jobs
set status = $3::run_status, exit_code = $4, error = $5, finished_at = now(), started_at = coalesce(started_at, now())
where id = $1 and attempt = $2 and status in ('pending', 'running')
returning build_id

-- name: kill_waiting
update jobs
set status = 'killed', exit_code = 137, error = $2, finished_at = now()
where id = $1 and status = 'pending'
returning build_id

-- name: ask_to_cancel
update jobs
set cancel_requested = true
where id = $1 and status in ('pending', 'running')

-- name: ask_to_cancel_all
-- Every unfinished job of a repository, when the repository is deleted.
update jobs j
set cancel_requested = true
from queue q
where q.repo_id = $1 and j.id = q.id and j.status in ('pending', 'running')

-- name: back_to_waiting
-- The job may be an attempt behind the claim, when the server was lost between the two.
update jobs
set status = 'pending', started_at = null
where id = $1 and attempt <= $2 and status in ('pending', 'running')
returning build_id, cancel_requested

-- name: work
-- All that a claimed job's plan is made of. A job of a deleted repository is to be cancelled, whenever it was made.
select
    j.build_id,
    j.number,
    array(select key from json_each_text(j.environment)),
    array(select value from json_each_text(j.environment)),
    j.cancel_requested or r.deleted_at is not null,
    c.content,
    b.sealed,
    b.changed_paths,
    t.max_timeout_minutes,
    {{build_columns}},
    {{repo_columns}}
from jobs j
join builds b on b.id = j.build_id
join repositories r on r.id = b.repo_id
join forges f on f.id = r.forge_id
join tenants t on t.id = r.tenant_id
left join build_configs c on c.id = b.config_id
where j.id = $1

-- name: class
insert into label_classes (labels)
values ($1::jsonb)
on conflict (labels) do update set labels = excluded.labels
returning id

-- name: find_class
select id
from label_classes
where labels = $1::jsonb

-- name: build_id
select build_id
from jobs
where id = $1

-- name: begin_failed_attempt
update jobs
set attempt = 1
where id = $1 and status = 'error' and attempt = 0
