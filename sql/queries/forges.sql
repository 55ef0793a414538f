-- name: ensure
insert into forges (name, kind, url, is_default)
values ($1, $2::forge_kind, $3, $4)
on conflict (name) do update set url = excluded.url
returning id

-- name: find
select id, name, kind, url
from forges
where case when $1::text is null then is_default else name = $1::text end
