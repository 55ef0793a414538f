-- name: fold
-- Adds what was used to its month; of two servers that do it at once, each takes other rows.
with taken as (
    delete from usage_outbox
    where id in (select id from usage_outbox order by id limit 10000 for update skip locked)
    returning *
),
folded as (
    insert into tenant_usage as u (tenant_id, month, builds, job_seconds, log_bytes)
    select
        tenant_id, date_trunc('month', at at time zone 'UTC')::date, sum(builds), sum(job_seconds), sum(log_bytes)
    from taken
    group by 1, 2
    order by 1, 2
    on conflict (tenant_id, month) do update
    set builds = u.builds + excluded.builds,
        job_seconds = u.job_seconds + excluded.job_seconds,
        log_bytes = u.log_bytes + excluded.log_bytes
)
select count(*)
from taken

-- name: of_tenant
-- A tenant's months from $2 to $3, newest first, with what is not added up yet.
with used as (
    select month, builds, job_seconds, log_bytes
    from tenant_usage
    where tenant_id = $1
    union all
    select date_trunc('month', at at time zone 'UTC')::date, builds, job_seconds, log_bytes
    from usage_outbox
    where tenant_id = $1
)
select
    to_char(m.month, 'YYYY-MM'), coalesce(sum(u.builds), 0)::bigint, coalesce(sum(u.job_seconds), 0)::bigint,
    coalesce(sum(u.log_bytes), 0)::bigint
from generate_series(to_date($2, 'YYYY-MM'), to_date($3, 'YYYY-MM'), interval '1 month') as m (month)
left join used u on u.month = m.month::date
group by m.month
order by m.month desc
