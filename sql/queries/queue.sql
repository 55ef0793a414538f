-- name: enqueue
insert into queue (id, class_id, tenant_id, repo_id, priority, attempt)
values ($1, $2, $3, $4, $5, $6)

-- name: claim
-- The first waiting items of each class that fits are looked at; the best of them that nobody else is taking is leased.
with fitting as (
    select first.id
    from label_classes c
    cross join lateral (
        select q.id
        from queue q
        where q.class_id = c.id and not q.leased
        order by q.priority desc, q.id
        limit 32
    ) first
    where c.labels <@ $1::jsonb
),
{{take}}

-- name: claim_of_tenant
-- As claim, for the items of tenant $4 only.
with fitting as (
    select first.id
    from label_classes c
    cross join lateral (
        select q.id
        from queue q
        where q.tenant_id = $4 and q.class_id = c.id and not q.leased
        order by q.priority desc, q.id
        limit 32
    ) first
    where c.labels <@ $1::jsonb
),
{{take}}

-- fragment: take
chosen as (
    select q.id
    from queue q
    join fitting f on f.id = q.id
    where not q.leased
    order by q.priority desc, q.id
    limit 1
    for update of q skip locked
),
taken as (
    update queue q
    set leased = true, attempt = q.attempt + 1
    from chosen
    where q.id = chosen.id
    returning q.id, q.attempt
),
held as (
    insert into leases (id, attempt, holder, expires_at)
    select id, attempt, $2, clock_timestamp() + $3 * interval '1 second'
    from taken
)
select id, attempt
from taken

-- name: hold
-- Keeps a lease from being taken until the transaction ends; answers nothing when it is another's.
select id
from leases
where id = $1 and attempt = $2
for update

-- name: renew
update leases
set expires_at = clock_timestamp() + $3 * interval '1 second', started = true
where id = $1 and attempt = $2
returning id

-- name: finish
delete from queue
where id = $1 and attempt = $2 and leased

-- name: withdraw
-- Takes an item that nobody has leased off the queue.
delete from queue
where id = $1 and not leased

-- name: expired
-- Leases that ran out. Who rescues one takes it with take_expired.
select id, attempt
from leases
where expires_at < clock_timestamp()
order by expires_at
limit $1

-- name: take_expired
-- Removes a lease that is still expired, so that one server rescues it; tells whether a heartbeat had come, and how many
-- started attempts were lost before.
with taken as (
    delete from leases
    where id = $1 and attempt = $2 and expires_at < clock_timestamp()
    returning id, started
)
select t.started, q.losses
from taken t
join queue q on q.id = t.id

-- name: release
update queue
set leased = false, losses = losses + $3, enqueued_at = now()
where id = $1 and attempt = $2 and leased

-- name: drop_lease
delete from leases
where id = $1 and attempt = $2
