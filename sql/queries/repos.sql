-- name: read
-- The caller and, where they may read it, the repository. One row always.
with {{access}}
select u.token_id, u.stale, u.token_level, {{user_columns}}, r.level, {{repo_columns}}
from (select) one
left join caller u on true
left join repo r on true
left join lateral (select r.is_default, r.forge_name as name) f on true

-- name: of_user
-- Repositories the token's user may read by membership or permission, as far as the token goes, by owner and name.
with {{repos_of_token}}
select {{repo_columns}}
from {{readable_by_token}}
order by r.owner, r.name
limit $2

-- fragment: repos_of_token
token as (
    select id, user_id, level
    from access_tokens
    where id = $1
),
mine as (
    select p.repo_id as id
    from token k
    join repo_permissions p on p.user_id = k.user_id
    where p.level >= 'read'
    union
    select r.id
    from token k
    join memberships m on m.user_id = k.user_id
    join repositories r on r.tenant_id = m.tenant_id
    join forges f on f.id = r.forge_id
    where f.kind = 'git' and r.deleted_at is null
)

-- fragment: readable_by_token
token k
cross join mine
join repositories r on r.id = mine.id
join forges f on f.id = r.forge_id
where r.deleted_at is null
    and (
        k.level >= 'read'
        or not r.private
        or exists (
            select
            from token_scopes s
            where s.token_id = k.id and s.tenant_id = r.tenant_id and (s.repo_id is null or s.repo_id = r.id)
        )
    )

-- name: next_id
select nextval('repositories_id_seq')

-- name: create
with added as (
    insert into repositories (
        id, tenant_id, forge_id, forge_repo_id, owner, name, avatar_url, link_url, clone_url, default_branch, private,
        hook_secret, hook_secret_key, activated_by, timeout_minutes, allow_pr, allow_push, allow_deploys, allow_tags
    )
    select
        $1, t.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
        least(t.default_timeout_minutes, t.max_timeout_minutes), t.default_allow_pr, t.default_allow_push,
        t.default_allow_deploys, t.default_allow_tags
    from tenants t
    where t.id = $2
    returning *
)
select {{repo_columns}}
from added r
join forges f on f.id = r.forge_id

-- name: create_counter
insert into build_counters (repo_id)
values ($1)

-- name: update
with changed as (
    update repositories r
    set timeout_minutes = coalesce($2, r.timeout_minutes),
        private = coalesce($3, r.private),
        trusted = coalesce($4, r.trusted),
        allow_pr = coalesce($5, r.allow_pr),
        allow_push = coalesce($6, r.allow_push),
        allow_deploys = coalesce($7, r.allow_deploys),
        allow_tags = coalesce($8, r.allow_tags),
        priority = coalesce($9::integer, r.priority),
        max_running_jobs = case when $10::integer is null then r.max_running_jobs else nullif($10::integer, 0) end,
        cancel_pushes = coalesce($11, r.cancel_pushes),
        cancel_pulls = coalesce($12, r.cancel_pulls),
        approval = coalesce($13::text::approval_rule, r.approval)
    where r.id = $1 and r.deleted_at is null
    returning r.*
)
select {{repo_columns}}
from changed r
join forges f on f.id = r.forge_id

-- name: delete
update repositories
set deleted_at = now()
where id = $1 and deleted_at is null

-- name: find_by_id
select {{repo_columns}}
from repositories r
join forges f on f.id = r.forge_id
where r.id = $1 and r.deleted_at is null

-- name: lock
select {{repo_columns}}
from repositories r
join forges f on f.id = r.forge_id
where r.id = $1 and r.deleted_at is null
for no key update of r

-- name: find_for_hook
-- What a delivery is checked with, before anything in it is believed.
select r.id, r.hook_secret, r.hook_secret_key
from repositories r
join forges f on f.id = r.forge_id
where f.name = $1
    and r.owner = $2
    and r.name = $3
    and r.deleted_at is null

-- name: find_for_hook_by_id
-- As find_for_hook, by the forge's own id, which a renamed repository keeps.
select r.id, r.hook_secret, r.hook_secret_key
from repositories r
join forges f on f.id = r.forge_id
where f.name = $1
    and r.forge_repo_id = $2
    and r.deleted_at is null

-- name: follow_forge
-- What the forge says of a repository, as long as it has the owner there that its tenant here is.
with changed as (
    update repositories r
    set owner = coalesce(nullif($3, ''), r.owner),
        name = coalesce(nullif($4, ''), r.name),
        avatar_url = coalesce(nullif($5, ''), r.avatar_url),
        link_url = coalesce(nullif($6, ''), r.link_url),
        clone_url = coalesce(nullif($7, ''), r.clone_url),
        default_branch = coalesce(nullif($8, ''), r.default_branch),
        private = $9
    from tenants t
    where r.id = $1 and r.deleted_at is null and t.id = r.tenant_id and t.forge_owner_id = $2
    returning r.*
)
select {{repo_columns}}
from changed r
join forges f on f.id = r.forge_id

-- name: on_forge
select r.id, r.owner, r.name
from repositories r
where r.forge_id = $1 and r.deleted_at is null and r.id > $2
order by r.id
limit $3

-- name: to_erase
select id
from repositories
where deleted_at is not null
order by deleted_at
limit 10

-- name: erase_segments
-- Segments have no foreign key: they go first, a batch of attempts at a time.
delete from log_segments s
using attempts a, jobs j, builds b
where b.repo_id = $1
    and j.build_id = b.id
    and a.job_id = j.id
    and s.day = a.log_day
    and s.attempt_id = a.id
    and b.number between $2 and $3

-- name: erase_builds
delete from builds
where repo_id = $1 and number between $2 and $3

-- name: last_number
select last_number
from build_counters
where repo_id = $1

-- name: erase_queue
-- Work of a deleted repository that no agent came for.
delete from queue
where repo_id = $1

-- name: erase_deliveries
delete from deliveries
where repo_id = $1

-- name: erase
delete from repositories
where id = $1 and deleted_at is not null
