-- name: create
insert into access_tokens (user_id, name, hash, expires_at)
values ($1, $2, $3, $4)
returning id, name, created_at, expires_at, last_used_at

-- name: list
select id, name, created_at, expires_at, last_used_at
from access_tokens
where user_id = $1 and id < $2
order by id desc
limit $3

-- name: delete
delete from access_tokens
where user_id = $1 and id = $2

-- name: delete_all
delete from access_tokens
where user_id = $1

-- name: touch
update access_tokens
set last_used_at = now()
where id = $1
    and (last_used_at is null or last_used_at < now() - interval '1 minute')
