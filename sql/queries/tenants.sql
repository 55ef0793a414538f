-- name: find
select t.id, t.forge_id, t.name
from tenants t
join forges f on f.id = t.forge_id
where case when $1::text is null then f.is_default else f.name = $1::text end
    and t.name = $2

-- name: role
-- What a token's user is in a tenant, at most what the token may be there; null for nothing.
select t.id, {{tenant_role}}
from tenants t
join forges f on f.id = t.forge_id
join access_tokens k on k.id = $3
join users u on u.id = k.user_id
left join memberships m on m.tenant_id = t.id and m.user_id = k.user_id
where case when $1::text is null then f.is_default else f.name = $1::text end
    and t.name = $2

-- fragment: tenant_role
least(
    case when u.admin then 'admin' else coalesce(m.role, 'none') end,
    case
        when k.level = 'admin' then 'admin'
        else greatest(
            k.level,
            (
                select max(s.level)
                from token_scopes s
                where s.token_id = k.id and s.tenant_id = t.id and s.repo_id is null
            )
        )
    end
)

-- fragment: tenant_columns
t.id, case when f.is_default then null else f.name end, f.name, t.name, t.display_name, t.created_at, t.max_repositories,
t.max_timeout_minutes, t.default_timeout_minutes, t.default_allow_pr, t.default_allow_push, t.default_allow_deploys,
t.default_allow_tags, t.max_running_jobs

-- name: of_member
-- Tenants that a token's user is a member of, as far as the token goes.
select {{tenant_columns}}, {{tenant_role}}
from access_tokens k
join users u on u.id = k.user_id
join memberships m on m.user_id = k.user_id
join tenants t on t.id = m.tenant_id
join forges f on f.id = t.forge_id
where k.id = $1
    and m.tenant_id > $2
    and {{tenant_role}} >= 'read'
order by m.tenant_id
limit $3

-- name: all
-- For administrators of the server: all tenants, as far as the token goes.
select {{tenant_columns}}, {{tenant_role}}
from access_tokens k
join users u on u.id = k.user_id
cross join tenants t
join forges f on f.id = t.forge_id
left join memberships m on m.tenant_id = t.id and m.user_id = k.user_id
where k.id = $1
    and u.admin
    and t.id > $2
    and {{tenant_role}} >= 'read'
order by t.id
limit $3

-- name: read
select {{tenant_columns}}
from tenants t
join forges f on f.id = t.forge_id
where t.id = $1

-- name: lock
select {{tenant_columns}}
from tenants t
join forges f on f.id = t.forge_id
where t.id = $1
for no key update of t

-- name: count_repositories
select count(*)
from repositories
where tenant_id = $1 and deleted_at is null

-- name: update
update tenants t
set display_name = coalesce($2, t.display_name),
    max_repositories = case when $3::bigint is null then t.max_repositories else nullif($3::bigint, 0) end,
    max_timeout_minutes = case when $4::bigint is null then t.max_timeout_minutes else nullif($4::bigint, 0) end,
    default_timeout_minutes = coalesce($5::bigint, t.default_timeout_minutes),
    default_allow_pr = coalesce($6, t.default_allow_pr),
    default_allow_push = coalesce($7, t.default_allow_push),
    default_allow_deploys = coalesce($8, t.default_allow_deploys),
    default_allow_tags = coalesce($9, t.default_allow_tags),
    max_running_jobs = case when $10::integer is null then t.max_running_jobs else nullif($10::integer, 0) end
from forges f
where t.id = $1 and f.id = t.forge_id
returning {{tenant_columns}}

-- name: ensure
-- Finds or makes a tenant. The update that changes nothing makes the row of a concurrent insert visible. The last column is
-- true for a new one: only an updated row has been locked before.
insert into tenants (forge_id, forge_owner_id, name)
values ($1, $2, $3)
on conflict (forge_id, forge_owner_id) do update set name = excluded.name
returning id, forge_id, name, xmax = 0

-- name: members
select u.login, m.role
from memberships m
join users u on u.id = m.user_id
where m.tenant_id = $1
    and lower(u.login) > lower($2)
order by lower(u.login)
limit $3

-- name: member
select u.login, m.role
from memberships m
join users u on u.id = m.user_id
where m.tenant_id = $1
    and lower(u.login) = lower($2)

-- name: put_member
-- A service account can be a member of its own tenant only.
insert into memberships (tenant_id, user_id, role)
select $1, u.id, $3::permission_level
from users u
where u.id = $2 and coalesce(u.tenant_id, $1) = $1
on conflict (tenant_id, user_id) do update set role = excluded.role

-- name: delete_member
delete from memberships m
using users u
where u.id = m.user_id
    and m.tenant_id = $1
    and lower(u.login) = lower($2)
returning u.login, m.role
