-- name: receive
-- Stores deliveries once: of the repositories $1 the keys $2, events $3 and headers $4, and as bodies the $6 bytes of $7 that
-- come after the first $5. No two have the same repository and key. Answers each one's place, the id under which it is stored, and
-- whether it is new; without an id it was being stored by another at this moment.
with given as (
    select *
    from
        unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::integer[]) with ordinality as given (
            repo_id, key, event, headers, skipped, length, place
        )
),
remembered as (
    insert into delivery_keys (repo_id, key, delivery_id, day)
    select repo_id, key, nextval(pg_get_serial_sequence('deliveries', 'id')), (now() at time zone 'UTC')::date
    from (select repo_id, key from given order by repo_id, place) in_order
    on conflict (repo_id, key) do nothing
    returning repo_id, key, delivery_id, day
),
stored as (
    insert into deliveries (day, id, repo_id, key, event, headers, body)
    overriding system value
    select
        r.day, r.delivery_id, g.repo_id, g.key, g.event, g.headers::json, substring($7::bytea from g.skipped + 1 for g.length)
    from remembered r
    join given g on g.repo_id = r.repo_id and g.key = r.key
),
wanted as (
    insert into intake (repo_id, wanted)
    select repo_id, count(*)
    from remembered
    group by repo_id
    order by repo_id
    on conflict (repo_id) do update set wanted = intake.wanted + excluded.wanted
)
select g.place, coalesce(r.delivery_id, k.delivery_id), r.delivery_id is not null
from given g
left join remembered r on r.repo_id = g.repo_id and r.key = g.key
left join delivery_keys k on k.repo_id = g.repo_id and k.key = g.key
order by g.place

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
-- Those of day $1 with the ids $2.
update deliveries d
set outcome = given.outcome::delivery_outcome, reason = given.reason, builds = given.builds::bigint[], finished_at = now(),
    tries = tries + 1
from unnest($2::bigint[], $3::text[], $4::text[], $5::text[]) as given (id, outcome, reason, builds)
where d.day = $1 and d.id = given.id and d.outcome = 'waiting'

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
