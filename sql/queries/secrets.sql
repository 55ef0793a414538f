-- Named secrets. A place is a tenant $1 and one of its repositories $2, or 0 for the tenant itself.

-- name: of_build
-- What a build of repository $2 may ask for: the repository's own, and the tenant's that it does not have.
select distinct on (lower(s.name)) s.id, s.name, s.value, s.value_key, s.events::text[], s.images
from secrets s
where s.tenant_id = $1 and coalesce(s.repo_id, 0) in (0, $2)
order by lower(s.name), s.repo_id nulls last

-- name: list
select {{secret_columns}}
from secrets s
where s.tenant_id = $1 and coalesce(s.repo_id, 0) = $2 and lower(s.name) > lower($3)
order by lower(s.name)
limit $4

-- name: next_id
select nextval('secrets_id_seq')

-- name: lock_place
-- Keeps two from making the last possible secret of a place at once.
select id
from tenants
where id = $1
for no key update

-- name: count
select count(*)
from secrets s
where s.tenant_id = $1 and coalesce(s.repo_id, 0) = $2

-- name: create
insert into secrets as s (id, tenant_id, repo_id, name, value, value_key, events, images, created_by)
values ($3, $1, nullif($2, 0), $4, $5, $6, $7::text[]::build_event[], $8, $9)
on conflict do nothing
returning {{secret_columns}}

-- name: lock
select {{secret_columns}}
from secrets s
where s.tenant_id = $1 and coalesce(s.repo_id, 0) = $2 and lower(s.name) = lower($3)
for update

-- name: update
update secrets s
set value = coalesce($4, s.value),
    value_key = coalesce($5, s.value_key),
    events = coalesce($6::text[]::build_event[], s.events),
    images = coalesce($7, s.images),
    updated_at = now()
where s.tenant_id = $1 and coalesce(s.repo_id, 0) = $2 and s.id = $3
returning {{secret_columns}}

-- name: delete
delete from secrets s
where s.tenant_id = $1 and coalesce(s.repo_id, 0) = $2 and lower(s.name) = lower($3)
returning {{secret_columns}}

-- fragment: secret_columns
s.id, s.name, s.events::text[], s.images, s.created_by, s.created_at, s.updated_at
