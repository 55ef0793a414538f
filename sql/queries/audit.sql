-- name: record
insert into audit (
    tenant_id, actor_kind, actor, actor_id, token_id, address, action, object, before, after, request_id
)
values ($1, $2::actor_kind, $3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb, $11)

-- name: administered
-- The tenants whose administrator a token's user is, as far as the token goes.
select t.id
from access_tokens k
join users u on u.id = k.user_id
join lateral (
    select m.tenant_id
    from memberships m
    where m.user_id = k.user_id and m.role = 'admin'
    union
    select s.tenant_id
    from token_scopes s
    where s.token_id = k.id and s.repo_id is null and s.level = 'admin'
) own on true
join tenants t on t.id = own.tenant_id
left join memberships m on m.tenant_id = t.id and m.user_id = k.user_id
where k.id = $1 and {{tenant_role}} = 'admin'
order by t.id
limit $2

-- name: of_server
-- Entries with an id below $1, newest first: at most $2, only those by actor $4 and of action $5 (each null: any), and only
-- among the newest $3. The first two columns are the lowest id looked at, and how many were. One row always.
with looked_at as materialized (
    select *
    from audit
    where id < $1
    order by id desc
    limit $3
)
{{audit_page}}

-- name: of_tenants
-- As of_server, but only entries of the tenants $6, each by the index audit_of_a_tenant, which has id + 0.
with looked_at as materialized (
    select e.*
    from unnest($6::bigint[]) as own (id)
    cross join lateral (
        select *
        from audit a
        where a.tenant_id = own.id and a.id + 0 < $1
        order by a.id + 0 desc
        limit $3
    ) e
    order by e.id desc
    limit $3
)
{{audit_page}}

-- fragment: audit_page
select
    (select min(id) from looked_at), (select count(*) from looked_at),
    a.id, a.at, case when f.is_default then '' else f.name || ':' end || t.name, a.actor_kind, a.actor, a.token_id, a.address,
    a.action, a.object, a.before::text, a.after::text, a.request_id
from (select) one
left join lateral (
    select *
    from looked_at
    where ($4::text is null or lower(actor) = lower($4::text))
        and ($5::text is null or action = $5::text)
    order by id desc
    limit $2
) a on true
left join tenants t on t.id = a.tenant_id
left join forges f on f.id = t.forge_id
order by a.id desc
