-- name: record
insert into audit (
    tenant_id, actor_kind, actor, actor_id, token_id, address, action, object, before, after, request_id
)
values ($1, $2::actor_kind, $3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb, $11)

-- name: of_server
select {{audit_columns}}
from audit a
left join tenants t on t.id = a.tenant_id
where a.id < $1
order by a.id desc
limit $2

-- name: of_tenant
select {{audit_columns}}
from audit a
left join tenants t on t.id = a.tenant_id
where a.tenant_id = $3 and a.id < $1
order by a.id desc
limit $2

-- fragment: audit_columns
a.id, a.at, t.name, a.actor_kind, a.actor, a.token_id, a.address, a.action, a.object, a.before::text, a.after::text, a.request_id
