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

-- name: find
select id
from agents
where token_id = $1 and name = $2
