-- name: make_partitions
select make_partitions((now() at time zone 'UTC')::date, $1)

-- name: notify
select pg_notify($1, $2)

-- name: migrations
select number
from skep_migrations
order by number desc
limit 1

-- name: load
-- For metrics. The queue is counted up to $1 rows of each kind; sizes are those that vacuum and analyze left behind.
select
    (select count(*) from (select from queue where not leased limit $1) q),
    (select count(*) from (select from queue where hold is not null limit $1) q),
    (select count(*) from (select from leases limit $1) l),
    coalesce(
        (
            select (extract(epoch from clock_timestamp() - q.enqueued_at) * 1000)::bigint
            from queue q
            where not q.leased
            order by q.id
            limit 1
        ),
        0
    ),
    (select count(*) from (select from intake limit $1) i),
    coalesce(
        (
            select greatest((extract(epoch from clock_timestamp() - i.due_at) * 1000)::bigint, 0)
            from intake i
            order by i.due_at
            limit 1
        ),
        0
    ),
    coalesce(
        (
            select (extract(epoch from clock_timestamp() - o.at) * 1000)::bigint
            from usage_outbox o
            order by o.id
            limit 1
        ),
        0
    ),
    coalesce(
        (
            select (extract(epoch from clock_timestamp() - e.finished_at) * 1000)::bigint
            from ended_builds e
            order by e.id
            limit 1
        ),
        0
    ),
    (select count(*) from pg_stat_activity where datid is not null),
    current_setting('max_connections')::integer,
    (
        select coalesce(sum(c.relpages::bigint), 0)::bigint * current_setting('block_size')::bigint
        from pg_class c
        where c.relkind in ('r', 'i', 't', 'm')
    )

-- name: version
select current_setting('server_version_num')::integer
