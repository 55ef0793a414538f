-- How long builds and their logs are kept.

create table retention_rules (
    id bigint generated always as identity primary key,
    tenant_id bigint references tenants on delete cascade,
    repo_id bigint,
    build_days integer,
    build_count integer,
    log_days integer,
    log_bytes bigint,
    constraint rules_are_of_one_tenant foreign key (repo_id, tenant_id) references repositories (id, tenant_id)
        on delete cascade,
    constraint rules_of_repositories_have_a_tenant check (repo_id is null or tenant_id is not null),
    constraint retention_is_ruled_once unique nulls not distinct (tenant_id, repo_id),
    constraint rules_say_something check (num_nonnulls(build_days, build_count, log_days, log_bytes) > 0),
    constraint rules_are_in_range check (
        build_days between 0 and 100000 and build_count >= 0 and log_days between 0 and 100000 and log_bytes >= 0
    )
);
create index retention_rules_of_a_repository on retention_rules (repo_id, tenant_id) where repo_id is not null;
comment on table retention_rules is
    'What may be removed. Each limit of a repository comes from its own rule, else its tenant''s, else the server''s; where none says one, all is kept.';
comment on column retention_rules.id is 'Primary key.';
comment on column retention_rules.tenant_id is 'Whose rule it is; null for the server''s.';
comment on column retention_rules.repo_id is 'Only for this repository; null for all of the tenant.';
comment on column retention_rules.build_days is 'Builds made longer ago may go; 0 for no limit, whatever a wider rule says.';
comment on column retention_rules.build_count is 'Builds beyond the newest so many may go; 0 for no limit.';
comment on column retention_rules.log_days is 'Logs of builds made longer ago may go; 0 for no limit.';
comment on column retention_rules.log_bytes is
    'Logs of the oldest days may go where a repository''s take more than that, compressed; 0 for no limit.';

create function drop_empty_partitions(before date) returns integer
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '100ms'
as $$
declare
    dropped integer := 0;
    child regclass;
    is_used boolean;
begin
    for child in
        select i.inhrelid::regclass
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'public.log_segments'::regclass
            and c.relname ~ '^log_segments_[0-9]{8}$'
            and to_date(right(c.relname, 8), 'YYYYMMDD') < least(before, (now() at time zone 'UTC')::date - 1)
        order by c.relname
    loop
        exit when dropped = 20;
        begin
            execute format('select exists (select from %s)', child) into is_used;
            if not is_used then
                execute format('drop table %s', child);
                dropped := dropped + 1;
            end if;
        exception
            -- Somebody reads logs right now: the next time will do.
            when lock_not_available then null;
        end;
    end loop;
    return dropped;
end
$$;
comment on function drop_empty_partitions(date) is
    'Drops daily partitions of log segments from before a day that hold nothing any more, which gives their disk space back; answers how many.';
revoke all on function drop_empty_partitions(date) from public;
grant execute on function drop_empty_partitions(date) to skep_server;
grant select, insert, update, delete on retention_rules to skep_server;
grant usage, select on all sequences in schema public to skep_server;
