-- name: create_token
insert into agent_tokens (tenant_id, name, hash)
values ($1, $2, $3)
returning id

-- name: find_token
select id, tenant_id
from agent_tokens
where hash = $1

-- name: register
-- One row an agent, written when something changed or half a minute has passed.
insert into agents as g (token_id, name, labels, slots, version, address)
values ($1, $2, $3::jsonb, $4, $5, $6)
on conflict (token_id, name) do update
set labels = excluded.labels,
    slots = excluded.slots,
    version = excluded.version,
    address = excluded.address,
    last_seen_at = now()
where (g.labels, g.slots, g.version, g.address) is distinct from (excluded.labels, excluded.slots, excluded.version, excluded.address)
    or g.last_seen_at < now() - interval '30 seconds'
returning id

-- fragment: agent_columns
a.id, a.name, case when f.is_default or f.name is null then t.name else f.name || ':' || t.name end,
array(select key from jsonb_each_text(a.labels)), array(select value from jsonb_each_text(a.labels)), a.slots,
(select count(*) from leases l where l.holder = a.id), a.version, a.address, a.created_at, a.last_seen_at, {{is_living}},
a.paused, g.tenant_id

-- fragment: agents_administered
-- Agents that a token's user may see and change: all for administrators of the server, a tenant's for its own.
from access_tokens k
join users u on u.id = k.user_id
cross join agents a
join agent_tokens g on g.id = a.token_id
left join tenants t on t.id = g.tenant_id
left join forges f on f.id = t.forge_id
left join memberships m on m.tenant_id = t.id and m.user_id = k.user_id
where k.id = $1
    and case
        when g.tenant_id is null then u.admin and k.level = 'admin'
        else {{tenant_role}} = 'admin'
    end

-- name: list
select {{agent_columns}}
{{agents_administered}}
    and a.id > $2
order by a.id
limit $3

-- name: read
select {{agent_columns}}
{{agents_administered}}
    and a.id = $2

-- name: set_paused
update agents
set paused = $2
where id = $1

-- name: delete
delete from agents
where id = $1

-- name: find
select id
from agents
where token_id = $1 and name = $2
