-- name: list
select ref, commit
from repository_refs
where repo_id = $1

-- name: find
select ref, commit
from repository_refs
where repo_id = $1 and ref = any($2)

-- name: put
insert into repository_refs (repo_id, ref, commit)
select $1, ref, commit
from unnest($2::text[], $3::text[]) as given (ref, commit)
on conflict (repo_id, ref) do update set commit = excluded.commit, seen_at = now()

-- name: delete
delete from repository_refs
where repo_id = $1 and ref = any($2)
