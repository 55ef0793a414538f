-- name: append
-- Stores a segment exactly at the end of the log of an attempt that is still its agent's; answers whether somebody reads along.
with longer as (
    update attempts a
    set log_size = a.log_size + $4
    from agents g
    where a.id = $1
        and g.id = a.agent_id
        and g.token_id = $2
        and a.log_size = $3
        and a.status in ('pending', 'running')
    returning a.id, a.log_day, a.watched_until > clock_timestamp() as watched
),
stored as (
    insert into log_segments (day, attempt_id, "offset", length, step, crc32, data)
    select log_day, id, $3, $4, $5, $6, $7
    from longer
)
select watched
from longer

-- name: read
-- The log of a job's attempt $7 (null: the latest) and its first $9 segments from offset $8 on, those of step $10 only unless
-- null. One row always.
with {{access}}
select c.token_id, c.stale, r.id, j.id, j.status, j.attempt, a.id, a.log_day, a.log_size, a.status, s."offset", s.length, s.step,
    s.crc32, s.data
from (select) one
left join caller c on true
left join repo r on true
left join builds b on b.repo_id = r.id and b.number = $5
left join jobs j on j.build_id = b.id and j.number = $6::bigint
left join attempts a on a.job_id = j.id and a.number = coalesce($7::bigint, j.attempt)
left join lateral (
    select *
    from log_segments
    where day = a.log_day
        and attempt_id = a.id
        and "offset" >= coalesce(
            (select max("offset") from log_segments where day = a.log_day and attempt_id = a.id and "offset" <= $8), 0)
        and ($10::bigint is null or step = $10::bigint)
    order by "offset"
    limit $9
) s on true
order by s."offset"

-- name: segments
-- The segment that holds byte $3, and those after it that start before $4.
select "offset", length, step, crc32, data
from log_segments
where day = $1
    and attempt_id = $2
    and "offset" >= coalesce(
        (select max("offset") from log_segments where day = $1 and attempt_id = $2 and "offset" <= $3), 0)
    and "offset" < $4
    and ($6::integer is null or step = $6::integer)
order by "offset"
limit $5

-- name: delete_segments
delete from log_segments
where day = $1 and attempt_id = $2 and "offset" >= $3 and "offset" < $4

-- name: insert_segment
insert into log_segments (day, attempt_id, "offset", length, step, crc32, data)
values ($1, $2, $3, $4, $5, $6, $7)

-- name: step_number
-- A step by its number or its name, which may look like another's number.
select number
from steps
where attempt_id = $1 and (number::text = $2 or name = $2)
order by (number::text = $2) desc
limit 1

-- name: pieces
select count(*)
from log_segments
where day = $1 and attempt_id = $2
