-- Replies kept for requests that carry an Idempotency-Key. $1 is the user, $2 the key. When a claim was made, in microseconds,
-- tells it from a later one of the same key, which fences whoever was too slow.

-- fragment: claimed_at
(extract(epoch from created_at) * 1000000)::bigint

-- name: claim
-- Takes a key for the request with the fingerprint $3: a new one, one that is over 24 hours old, or one whose request was given up
-- before it changed anything. Of any other, answers what is kept: the request's fingerprint, and its reply.
with claimed as (
    insert into idempotency_keys as k (user_id, key, request)
    values ($1, $2, $3)
    on conflict (user_id, key) do update
    set request = excluded.request,
        status = null,
        headers = null,
        body = null,
        committed = false,
        created_at = clock_timestamp()
    where k.created_at < clock_timestamp() - interval '24 hours'
        or (k.status is null and not k.committed and k.created_at < clock_timestamp() - interval '1 minute')
    returning {{claimed_at}} as at
)
select at, null::bytea, null::boolean, null::integer, null::text[], null::text[], null::bytea
from claimed
union all
select
    null,
    request,
    committed,
    status,
    array(select h.key from json_each_text(headers) h),
    array(select h.value from json_each_text(headers) h),
    body
from idempotency_keys
where user_id = $1 and key = $2 and not exists (select from claimed)

-- name: commit
-- In the transaction of the change itself, with its reply where that is known.
update idempotency_keys
set committed = true, status = $4, headers = $5::json, body = $6
where user_id = $1 and key = $2 and {{claimed_at}} = $3 and not committed

-- name: finish
update idempotency_keys
set status = $4, headers = $5::json, body = $6
where user_id = $1 and key = $2 and {{claimed_at}} = $3 and status is null

-- name: release
-- Nothing was changed: the key may be used again.
delete from idempotency_keys
where user_id = $1 and key = $2 and {{claimed_at}} = $3 and not committed

-- name: undo
-- The change has been taken back.
delete from idempotency_keys
where user_id = $1 and key = $2 and {{claimed_at}} = $3

-- name: forget
delete from idempotency_keys
where (user_id, key) in (
    select user_id, key
    from idempotency_keys
    where created_at < clock_timestamp() - interval '24 hours'
    order by created_at
    limit 1000
)
