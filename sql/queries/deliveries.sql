-- name: receive
-- Stores a delivery once: with a key that is known, answers the first delivery's id. The last column tells which it was.
with remembered as (
    insert into delivery_keys (repo_id, key, delivery_id, day)
    values ($1, $2, nextval(pg_get_serial_sequence('deliveries', 'id')), (now() at time zone 'UTC')::date)
    on conflict (repo_id, key) do nothing
    returning delivery_id, day
),
stored as (
    insert into deliveries (day, id, repo_id, key, event, headers, body)
    overriding system value
    select day, delivery_id, $1, $2, $3, $5::json, $4
    from remembered
    returning id
),
wanted as (
    insert into intake (repo_id)
    select $1
    from stored
    on conflict (repo_id) do update set wanted = intake.wanted + 1
)
select id, true
from stored
union all
select delivery_id, false
from delivery_keys
where repo_id = $1 and key = $2 and not exists (select from remembered)

-- name: claim_intake
-- A repository with deliveries to handle that no worker has.
with next as (
    select repo_id
    from intake
    where due_at <= clock_timestamp() and leased_until <= clock_timestamp()
    order by due_at
    limit 1
    for update skip locked
)
update intake i
set leased_until = clock_timestamp() + $1 * interval '1 second', lease = i.lease + 1
from next
where i.repo_id = next.repo_id
returning i.repo_id, i.lease, i.wanted, i.tries

-- name: waiting
select id, day, key, event, array(select key from json_each_text(headers)), array(select value from json_each_text(headers)), tries,
    body, received_at
from deliveries
where repo_id = $1 and outcome = 'waiting'
order by id
limit $2

-- name: hold_intake
-- Locks and prolongs a lease by $3 seconds. Fences: changes nothing when the lease went to another worker.
update intake
set leased_until = clock_timestamp() + $3 * interval '1 second'
where repo_id = $1 and lease = $2

-- name: finish
update deliveries
set outcome = $3::delivery_outcome, reason = $4, builds = $5, finished_at = now(), tries = tries + 1
where day = $1 and id = $2 and outcome = 'waiting'

-- name: close_intake
delete from intake
where repo_id = $1 and lease = $2 and wanted = $3

-- name: reopen_intake
update intake
set leased_until = '-infinity', tries = $3, due_at = clock_timestamp() + $4 * interval '1 millisecond'
where repo_id = $1 and lease = $2

-- name: list
-- Newest deliveries of a repository below id $2.
select id, key, event, received_at, outcome::text, reason, builds, tries, finished_at
from deliveries
where repo_id = $1 and id < $2
order by id desc
limit $3

-- name: find
select event, array(select key from json_each_text(headers)), array(select value from json_each_text(headers)), body,
    outcome = 'waiting'
from deliveries
where repo_id = $1 and id = $2

-- name: count_try
update deliveries
set tries = tries + 1
where day = $1 and id = $2 and outcome = 'waiting'

-- name: is_idle
select not exists (select from intake where repo_id = $1)

-- name: forget_keys
delete from delivery_keys
where (repo_id, key) in (
    select repo_id, key
    from delivery_keys
    where day < (now() at time zone 'UTC')::date - 90
    limit 1000
)
