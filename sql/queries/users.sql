-- name: caller
with {{caller}}
select u.token_id, u.stale, u.token_level, {{user_columns}}
from caller u
where u.id is not null

-- name: find
select {{user_columns}}
from users u
where lower(u.login) = lower($1)

-- name: list_active
select {{user_columns}}
from users u
where u.active and lower(u.login) > lower($1)
order by lower(u.login)
limit $2

-- name: list_all
select {{user_columns}}
from users u
where lower(u.login) > lower($1)
order by lower(u.login)
limit $2

-- name: create
insert into users as u (login, email, avatar_url, admin, active)
values ($1, $2, $3, $4, $5)
on conflict (lower(login)) do nothing
returning {{user_columns}}

-- name: create_service_account
insert into users as u (login, kind, tenant_id)
values ($2, 'service', $1)
on conflict (lower(login)) do nothing
returning {{user_columns}}

-- name: service_accounts
-- A tenant's, with their roles.
select {{user_columns}}, m.role
from users u
left join memberships m on m.user_id = u.id and m.tenant_id = u.tenant_id
where u.tenant_id = $1 and lower(u.login) > lower($2)
order by lower(u.login)
limit $3

-- name: lock_service_account
select {{user_columns}}
from users u
where u.tenant_id = $1 and lower(u.login) = lower($2)
for update

-- name: update
update users u
set email = coalesce($2, u.email),
    avatar_url = coalesce($3, u.avatar_url),
    admin = coalesce($4, u.admin),
    active = coalesce($5, u.active)
where u.id = $1
returning {{user_columns}}

-- name: lock_administrators
-- Locks every active administrator, so that two of them cannot remove each other at once.
select id
from users
where admin and active
order by id
for update

-- name: lock
select {{user_columns}}
from users u
where lower(u.login) = lower($1)
for update

-- name: delete
delete from users
where id = $1
