-- Events of builds. They are made where a build's status is settled; see builds.settle.

-- fragment: make_event
-- An event of the build "settled", whose jobs are "sums". Its number is drawn last, because that holds up other events of the
-- repository until the transaction ends.
counted as (
    insert into event_counters as c (repo_id, last_number)
    select repo_id, 1
    from settled
    on conflict (repo_id) do update set last_number = c.last_number + 1, xact = excluded.xact
    returning repo_id, last_number
),
made as (
    insert into events (repo_id, number, build, status, jobs)
    select c.repo_id, c.last_number, s.number, s.status, sums.jobs
    from counted c
    cross join settled s
    cross join sums
)

-- fragment: event_columns
e.repo_id, e.number, e.build, e.status, e.jobs::text[], e.at, b.event, b.branch, b.commit, r.owner, r.name,
case when f.is_default then null else f.name end

-- fragment: about_event
left join builds b on b.repo_id = e.repo_id and b.number = e.build
left join repositories r on r.id = e.repo_id
left join forges f on f.id = r.forge_id

-- name: make
-- Of builds that were made or put back to waiting, in the same transaction, in the order of $1.
with settled as (
    select
        b.repo_id, b.number, b.status,
        array(select status from jobs where build_id = b.id order by number) as jobs,
        row_number() over (partition by b.repo_id order by given.place) as behind
    from unnest($1::bigint[]) with ordinality as given (id, place)
    join builds b on b.id = given.id
),
counted as (
    insert into event_counters as c (repo_id, last_number)
    select repo_id, count(*)
    from settled
    group by repo_id
    order by repo_id
    on conflict (repo_id) do update set last_number = c.last_number + excluded.last_number, xact = excluded.xact
    returning repo_id, last_number
)
insert into events (repo_id, number, build, status, jobs)
select c.repo_id, c.last_number - (select count(*) from settled o where o.repo_id = c.repo_id) + s.behind, s.number, s.status, s.jobs
from counted c
join settled s on s.repo_id = c.repo_id

-- name: since
-- What was committed after the snapshot $1 (null: nothing), $2 rows at most, and the snapshot to go on from. One row always.
select pg_current_snapshot()::text, {{event_columns}}
from (select) one
left join lateral (
    select *
    from events
    where xact >= pg_snapshot_xmin($1::pg_snapshot)
        -- Rows of a restored copy can be of transactions that are still to come.
        and xact < pg_snapshot_xmax(pg_current_snapshot())
        and not pg_visible_in_snapshot(xact, $1::pg_snapshot)
    order by xact
    limit $2
) e on true
{{about_event}}
order by e.repo_id, e.number

-- name: of_repo
-- Events of a repository after number $5 (null: none), the first $6, and the last number drawn. One row always.
with {{access}}
select a.token_id, a.stale, p.id, coalesce(c.last_number, 0), {{event_columns}}
from (select) one
left join caller a on true
left join repo p on true
left join event_counters c on c.repo_id = p.id
left join lateral (
    select *
    from events
    where repo_id = p.id and number > $5
    order by number
    limit $6
) e on true
{{about_event}}
order by e.number

-- name: since_of_repos
-- What was committed in the repositories $2 after the snapshot $1, $3 rows at most; whether some of it is not kept any more,
-- or the snapshot is of another database; and the snapshot to go on from. Within a repository, numbers are in the order of
-- commits: its new events are its last ones. One row always.
with changed as (
    select repo_id
    from event_counters
    where repo_id = any($2) and not pg_visible_in_snapshot(xact, $1::pg_snapshot)
)
select
    pg_current_snapshot()::text,
    pg_snapshot_xmax($1::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot()) or exists (
        select
        from event_counters
        where repo_id = any($2) and not pg_visible_in_snapshot(forgotten, $1::pg_snapshot)
    ),
    {{event_columns}}
from (select) one
left join lateral (
    select last.*
    from changed
    cross join lateral (
        select *
        from events
        where repo_id = changed.repo_id
        order by number desc
        limit $3
    ) last
    where last.xact < pg_snapshot_xmax(pg_current_snapshot()) and not pg_visible_in_snapshot(last.xact, $1::pg_snapshot)
    limit $3
) e on true
{{about_event}}
order by e.repo_id, e.number

-- name: repos_of_token
-- The repositories that a token's user may follow, and the snapshot in which they were so.
with {{repos_of_token}},
ids as (
    select r.id
    from {{readable_by_token}}
    order by r.owner, r.name
    limit $2
)
select pg_current_snapshot()::text, coalesce((select array_agg(id order by id) from ids), '{}')

-- name: forget
-- Erases the oldest events of repositories that have some older than a day or more than $1; $2 repositories at a time, 2000
-- events of each. Answers how many events.
with crowded as (
    select c.repo_id, c.last_number
    from event_counters c
    cross join lateral (
        select number, at
        from events
        where repo_id = c.repo_id
        order by number
        limit 1
    ) first
    where first.number <= c.last_number - $1 or first.at < now() - interval '1 day'
    limit $2
    for update of c skip locked
),
erased as (
    delete from events e
    using (
        select old.repo_id, old.number
        from crowded c
        cross join lateral (
            select *
            from events
            where repo_id = c.repo_id
            order by number
            limit 2000
        ) old
        where old.number <= c.last_number - $1 or old.at < now() - interval '1 day'
    ) old
    where e.repo_id = old.repo_id and e.number = old.number
    returning e.repo_id, e.number, e.xact
),
newest as (
    select distinct on (repo_id) repo_id, xact
    from erased
    order by repo_id, number desc
),
noted as (
    update event_counters c
    set forgotten = newest.xact
    from newest
    where c.repo_id = newest.repo_id
)
select count(*)
from erased
