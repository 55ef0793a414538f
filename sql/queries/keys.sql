-- name: next_id
select nextval('key_pairs_id_seq')

-- name: create
insert into key_pairs (id, repo_id, kid, public_key, private_key, private_key_key)
values ($1, $2, $3, $4, $5, $6)

-- name: newest
select public_key
from key_pairs
where repo_id = $1
order by id desc
limit 1

-- name: lock_repo
-- Keeps two from making the last possible pair at once.
select id
from repositories
where id = $1 and deleted_at is null
for no key update

-- name: count
select count(*)
from key_pairs
where repo_id = $1

-- name: private_halves
select id, private_key, private_key_key
from key_pairs
where repo_id = $1
order by id desc
limit 100

-- name: register_sealing_key
insert into sealing_keys (id, check_value)
values ($1, $2)
on conflict (id) do nothing

-- name: sealing_keys
select id, check_value
from sealing_keys

-- name: registered
select id
from sealing_keys
order by created_at, id

-- name: in_use
-- The ids of all keys that something is sealed with. It hops from one id to the next, however many rows have each.
with recursive hook_secrets (key) as (
    select min(hook_secret_key) from repositories
    union all
    select (select min(r.hook_secret_key) from repositories r where r.hook_secret_key > h.key)
    from hook_secrets h
    where h.key is not null
),
private_keys (key) as (
    select min(private_key_key) from key_pairs
    union all
    select (select min(p.private_key_key) from key_pairs p where p.private_key_key > k.key)
    from private_keys k
    where k.key is not null
),
values_of_secrets (key) as (
    select min(value_key) from secrets
    union all
    select (select min(s.value_key) from secrets s where s.value_key > v.key)
    from values_of_secrets v
    where v.key is not null
)
select key from hook_secrets where key is not null
union
select key from private_keys where key is not null
union
select key from values_of_secrets where key is not null
order by 1

-- name: use_of
-- How many hook secrets, private keys and secrets the key $1 has sealed, each counted up to $2.
select
    (select count(*) from (select from repositories where hook_secret_key = $1 limit $2) r),
    (select count(*) from (select from key_pairs where private_key_key = $1 limit $2) p),
    (select count(*) from (select from secrets where value_key = $1 limit $2) s)

-- name: lock_hook_secrets
-- Locks what the key $1 has sealed, ids above $2. What somebody changes just now is left out: they seal it anew.
select id, hook_secret
from repositories
where hook_secret_key = $1 and id > $2
order by id
limit $3
for no key update skip locked

-- name: lock_private_keys
-- As lock_hook_secrets.
select id, private_key
from key_pairs
where private_key_key = $1 and id > $2
order by id
limit $3
for no key update skip locked

-- name: lock_secrets
-- As lock_hook_secrets.
select id, value
from secrets
where value_key = $1 and id > $2
order by id
limit $3
for no key update skip locked

-- name: reseal_hook_secret
-- Row $1, which is locked, has what the key $2 has sealed as $3.
update repositories
set hook_secret = $3, hook_secret_key = $2
where id = $1

-- name: reseal_private_key
-- As reseal_hook_secret.
update key_pairs
set private_key = $3, private_key_key = $2
where id = $1

-- name: reseal_secret
-- As reseal_hook_secret.
update secrets
set value = $3, value_key = $2
where id = $1
