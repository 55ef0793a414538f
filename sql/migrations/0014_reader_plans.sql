-- Readers of a tenant paid for all tenants: who may see a row was asked of each row, last. Asked once, as the list of tenants, it
-- is what an index starts from.

create or replace view ci_report.webhook_deliveries with (security_barrier) as
select
    d.day,
    d.id,
    d.repo_id as repository_id,
    r.tenant_id,
    t.name as tenant,
    r.full_name as repository,
    d.key,
    d.event,
    d.received_at,
    d.outcome::text as outcome,
    d.reason,
    d.builds,
    d.tries,
    d.finished_at,
    d.finished_at - d.received_at as duration,
    octet_length(d.body) as body_bytes
from public.deliveries d
join public.repositories r on r.id = d.repo_id
cross join lateral (select name from public.tenants where id = r.tenant_id offset 0) t
where r.deleted_at is null
    and r.tenant_id = any (
        array(
            select m.id
            from public.tenants m
            where exists (
                select
                from ci_report.report_access a
                where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = m.id)
            )
        )
    );

create or replace view ci_report.failure_rates with (security_barrier) as
select
    r.tenant_id,
    t.name as tenant,
    d.repo_id as repository_id,
    r.full_name as repository,
    d.branch,
    d.event::text as event,
    d.day,
    sum(d.builds)::bigint as builds,
    coalesce(sum(d.builds) filter (where d.status = 'success'), 0)::bigint as succeeded,
    coalesce(sum(d.builds) filter (where d.status = 'failure'), 0)::bigint as failed,
    coalesce(sum(d.builds) filter (where d.status = 'error'), 0)::bigint as errors,
    coalesce(sum(d.builds) filter (where d.status = 'killed'), 0)::bigint as killed,
    (
        sum(d.builds) filter (where d.status in ('failure', 'error'))
        / nullif(sum(d.builds) filter (where d.status <> 'killed'), 0)
    )::double precision as failure_rate
from public.daily_builds d
join public.repositories r on r.id = d.repo_id
join public.tenants t on t.id = r.tenant_id
where r.deleted_at is null
    and r.tenant_id = any (
        array(
            select m.id
            from public.tenants m
            where exists (
                select
                from ci_report.report_access a
                where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = m.id)
            )
        )
    )
group by r.tenant_id, t.name, d.repo_id, r.full_name, d.branch, d.event, d.day;

create or replace view ci_report.mean_time_to_recovery with (security_barrier) as
select
    r.tenant_id,
    t.name as tenant,
    e.repo_id as repository_id,
    r.full_name as repository,
    e.day,
    count(*) as recoveries,
    sum(e.finished_at - broken.broken_at) as total,
    avg(e.finished_at - broken.broken_at) as mean_time_to_recovery
from public.mainline_ends e
join public.repositories r on r.id = e.repo_id
join public.tenants t on t.id = r.tenant_id
cross join lateral (
    select p.succeeded
    from public.mainline_ends p
    where p.repo_id = e.repo_id and (p.day, p.finished_at, p.build_id) < (e.day, e.finished_at, e.build_id)
    order by p.day desc, p.finished_at desc, p.build_id desc
    limit 1
) previous
left join lateral (
    select p.day, p.finished_at, p.build_id
    from public.mainline_ends p
    where p.repo_id = e.repo_id
        and p.succeeded
        and (p.day, p.finished_at, p.build_id) < (e.day, e.finished_at, e.build_id)
    order by p.day desc, p.finished_at desc, p.build_id desc
    limit 1
) good on true
cross join lateral (
    select p.finished_at as broken_at
    from public.mainline_ends p
    where p.repo_id = e.repo_id
        and not p.succeeded
        and (p.day, p.finished_at, p.build_id) > (
            coalesce(good.day, '-infinity'), coalesce(good.finished_at, '-infinity'), coalesce(good.build_id, 0)
        )
    order by p.day, p.finished_at, p.build_id
    limit 1
) broken
where r.deleted_at is null
    and e.succeeded
    and not previous.succeeded
    and r.tenant_id = any (
        array(
            select m.id
            from public.tenants m
            where exists (
                select
                from ci_report.report_access a
                where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = m.id)
            )
        )
    )
group by r.tenant_id, t.name, e.repo_id, r.full_name, e.day;

create or replace view ci_report.lead_time with (security_barrier) as
select
    r.tenant_id,
    t.name as tenant,
    e.repo_id as repository_id,
    r.full_name as repository,
    e.commit,
    e.number as build_number,
    e.committed_at,
    e.finished_at as succeeded_at,
    e.day,
    greatest(e.finished_at - e.committed_at, interval '0') as lead_time
from public.mainline_ends e
join public.repositories r on r.id = e.repo_id
join public.tenants t on t.id = r.tenant_id
where r.deleted_at is null
    and e.succeeded
    and not exists (
        select
        from public.mainline_ends p
        where p.repo_id = e.repo_id
            and p.commit = e.commit
            and p.succeeded
            and (p.day, p.finished_at, p.build_id) < (e.day, e.finished_at, e.build_id)
    )
    and r.tenant_id = any (
        array(
            select m.id
            from public.tenants m
            where exists (
                select
                from ci_report.report_access a
                where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = m.id)
            )
        )
    );
