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
