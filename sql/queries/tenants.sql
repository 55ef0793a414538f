-- name: find
select t.id, t.forge_id, t.name
from tenants t
join forges f on f.id = t.forge_id
where case when $1::text is null then f.is_default else f.name = $1::text end
    and t.name = $2

-- name: role
-- What a user is in a tenant: its row, and the role where there is one.
select t.id, m.role
from tenants t
join forges f on f.id = t.forge_id
left join memberships m on m.tenant_id = t.id and m.user_id = $3
where case when $1::text is null then f.is_default else f.name = $1::text end
    and t.name = $2

-- name: ensure
-- Finds or makes a tenant. The update that changes nothing makes the row of a concurrent insert visible.
insert into tenants (forge_id, forge_owner_id, name)
values ($1, $2, $3)
on conflict (forge_id, forge_owner_id) do update set name = excluded.name
returning id, forge_id, name

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
insert into memberships (tenant_id, user_id, role)
values ($1, $2, $3::permission_level)
on conflict (tenant_id, user_id) do update set role = excluded.role

-- name: delete_member
delete from memberships m
using users u
where u.id = m.user_id
    and m.tenant_id = $1
    and lower(u.login) = lower($2)
