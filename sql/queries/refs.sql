-- name: list
select ref, commit
from repository_refs
where repo_id = $1

-- name: find
select commit
from repository_refs
where repo_id = $1 and ref = $2

-- name: put
insert into repository_refs (repo_id, ref, commit)
values ($1, $2, $3)
on conflict (repo_id, ref) do update set commit = excluded.commit, seen_at = now()

-- name: delete
delete from repository_refs
where repo_id = $1 and ref = $2
