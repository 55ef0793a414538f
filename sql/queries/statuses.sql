-- name: claim
-- The oldest build whose status is to be told and that no worker has, for $1 seconds. One of a repository at a time, so that what
-- is told arrives in order.
with next as (
    select build_id
    from status_outbox s
    where due_at <= clock_timestamp()
        and leased_until <= clock_timestamp()
        and not exists (
            select
            from status_outbox other
            where other.repo_id = s.repo_id and other.leased_until > clock_timestamp()
        )
    order by due_at, build_id
    limit 1
    for update skip locked
)
update status_outbox s
set leased_until = clock_timestamp() + $1 * interval '1 second'
from next
where s.build_id = next.build_id
returning s.build_id, s.changes, s.tries

-- name: read
-- What is to be told of a build, and whether a newer one has taken its place beside the commit.
select b.number, b.event, b.status, b.commit, b.deployment, r.forge_id, r.owner, r.name, f.name, f.is_default,
    exists (
        select
        from builds newer
        where newer.repo_id = b.repo_id and newer.number > b.number and newer.commit = b.commit and newer.event = b.event
            and b.deployment is null
    )
from builds b
join repositories r on r.id = b.repo_id
join forges f on f.id = r.forge_id
where b.id = $1 and r.deleted_at is null

-- name: told
delete from status_outbox
where build_id = $1 and changes = $2

-- name: again
-- To be told in $3 milliseconds. $2: failures in a row.
update status_outbox
set leased_until = '-infinity', tries = $2, due_at = clock_timestamp() + $3 * interval '1 millisecond'
where build_id = $1
