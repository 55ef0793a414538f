-- name: find
select t.id, t.forge_id, t.name
from tenants t
join forges f on f.id = t.forge_id
where case when $1::text is null then f.is_default else f.name = $1::text end
    and t.name = $2

-- name: role
-- What a token's user is in a tenant, at most what the token may be there; null for nothing.
select
    t.id,
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
from tenants t
join forges f on f.id = t.forge_id
join access_tokens k on k.id = $3
join users u on u.id = k.user_id
left join memberships m on m.tenant_id = t.id and m.user_id = k.user_id
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
