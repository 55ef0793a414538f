-- Logs that are read along while they are written.

-- fragment: run
-- Segments of "wanted" from the one that holds its byte "start", before "stop": 64 at most, and none that starts $4 bytes later.
run as (
    select s.*
    from wanted w
    cross join lateral (
        select "offset", length, step, crc32, data
        from log_segments
        where day = w.day
            and attempt_id = w.attempt_id
            and "offset" >= coalesce(
                (
                    select max("offset")
                    from log_segments
                    where day = w.day and attempt_id = w.attempt_id and "offset" <= w.start
                ),
                0)
            and "offset" < least(w.stop, w.start + $4)
        order by "offset"
        limit 64
    ) s
)

-- name: find
-- A job, its latest attempt's number, and its attempt $7 (null: the latest). One row always.
with {{access}}
select c.token_id, c.stale, r.id, j.id, j.status, j.exit_code, j.attempt, {{tailed_columns}}
from (select) one
left join caller c on true
left join repo r on true
left join builds b on b.repo_id = r.id and b.number = $5
left join jobs j on j.build_id = b.id and j.number = $6::bigint
left join attempts a on a.job_id = j.id and a.number = coalesce($7::bigint, j.attempt)

-- name: follow
-- A job, its latest attempt, and what is new of its log: after byte $3 where that attempt is number $2, else its last three
-- bytes. One row always, while the job is there.
with latest as (
    select
        j.id as job, j.status as job_status, j.exit_code as job_exit_code, j.attempt, a.number, a.id, a.log_day, a.log_size,
        a.status, a.exit_code
    from jobs j
    left join attempts a on a.job_id = j.id and a.number = j.attempt
    where j.id = $1
),
wanted as (
    select
        log_day as day, id as attempt_id, case when number = $2 then $3 else greatest(log_size - 3, 0) end as start,
        log_size as stop
    from latest
),
{{run}}
select a.job, a.job_status, a.job_exit_code, a.attempt, {{tailed_columns}}, s."offset", s.length, s.step, s.crc32, s.data
from latest a
left join run s on true
order by s."offset"

-- fragment: tailed_columns
a.number, a.id, a.log_day, a.log_size, a.status, a.exit_code

-- name: page
-- Segments of attempt $2, whose log is of day $1, from the one that holds byte $3, before byte $5.
with wanted as (
    select $1::date as day, $2::bigint as attempt_id, $3::bigint as start, $5::bigint as stop
),
{{run}}
select "offset", length, step, crc32, data
from run
order by "offset"

-- name: watch
-- Lets servers tell each other of new segments for $2 seconds.
update attempts
set watched_until = clock_timestamp() + $2 * interval '1 second'
where id = $1
