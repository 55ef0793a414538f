-- name: make_partitions
select make_partitions((now() at time zone 'UTC')::date, $1)

-- name: notify
select pg_notify($1, $2)

-- name: migrations
select number
from skep_migrations
order by number desc
limit 1
