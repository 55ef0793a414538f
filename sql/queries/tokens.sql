-- name: create
with made as (
    insert into access_tokens (user_id, name, hash, level, expires_at, made_by)
    values ($1, $2, $3, $4::permission_level, $5, $6)
    returning *
),
scoped as (
    insert into token_scopes (token_id, tenant_id, repo_id, level)
    select made.id, s.tenant_id, nullif(s.repo_id, 0), s.level::permission_level
    from made
    cross join unnest($7::bigint[], $8::bigint[], $9::text[]) as s (tenant_id, repo_id, level)
)
select id
from made

-- name: find
select {{token_columns}}
from access_tokens k
where k.user_id = $1 and k.id = $2

-- name: list
select {{token_columns}}
from access_tokens k
where k.user_id = $1 and k.id < $2
order by k.id desc
limit $3

-- name: delete
delete from access_tokens
where user_id = $1 and id = $2
returning name

-- name: delete_all
delete from access_tokens
where user_id = $1

-- name: touch
update access_tokens
set last_used_at = now(), last_used_address = $2
where id = $1
    and (last_used_at is null or last_used_at < now() - interval '1 minute')

-- name: create_for_attempt
-- The attempt's own token: it reads the attempt's repository while the attempt lives.
insert into access_tokens (attempt_id, repo_id, level, hash, name)
values ($1, $2, 'none', $3, 'job')

-- name: delete_of_ended_attempts
-- They are refused already; this makes room.
delete from access_tokens t
using attempts a
where t.attempt_id is not null
    and a.id = t.attempt_id
    and a.finished_at is not null

-- name: scope_of_repo
-- What a scope on a repository is stored as, where the token's caller may read it.
with {{access}}
select r.tenant_id, r.id
from repo r
