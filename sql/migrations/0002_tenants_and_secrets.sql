-- Tenants and secrets: what a token may do, service accounts, jobs' own tokens, limits and defaults of tenants, named secrets,
-- the audit, and replies kept for repeated requests.

create type account_kind as enum ('person', 'service');
create type actor_kind as enum ('user', 'operator', 'forge', 'agent', 'system');

-- Accounts and tokens --------------------------------------------------------------------------------------------

alter table users add column kind account_kind not null default 'person';
alter table users add column tenant_id bigint references tenants on delete cascade;
alter table users add constraint service_accounts_have_a_tenant check ((kind = 'service') = (tenant_id is not null));
alter table users add constraint service_accounts_are_no_administrators check (kind <> 'service' or not admin);
create index service_accounts_of_a_tenant on users (tenant_id, lower(login)) where tenant_id is not null;
comment on column users.kind is 'person, or service: an account that only has tokens, made by a tenant''s administrators.';
comment on column users.tenant_id is 'Of a service account: the only tenant it can be a member of.';

-- What a tenant's rows point to together with the tenant, so that they cannot be of two tenants.
alter table repositories add constraint repositories_know_their_tenant unique (id, tenant_id);

alter table access_tokens alter column user_id drop not null;
alter table access_tokens add column level permission_level not null default 'admin';
alter table access_tokens add column last_used_address text not null default '';
alter table access_tokens add column repo_id bigint references repositories on delete cascade;
alter table access_tokens add column attempt_id bigint references attempts on delete cascade;
alter table access_tokens add column made_by text not null default '';
alter table access_tokens add constraint tokens_are_of_a_user_or_of_an_attempt
    check ((user_id is null) = (attempt_id is not null) and (attempt_id is null) = (repo_id is null));
alter table access_tokens add constraint tokens_of_attempts_do_nothing_else check (attempt_id is null or level = 'none');
create index access_tokens_of_a_repository on access_tokens (repo_id) where repo_id is not null;
create index access_tokens_of_an_attempt on access_tokens (attempt_id) where attempt_id is not null;
comment on table access_tokens is 'Tokens of the REST API, of users and of running jobs. Only their hashes are kept.';
comment on column access_tokens.user_id is 'Whose rights the token carries; null for a job''s own.';
comment on column access_tokens.level is
    'What it may do everywhere its user may: read, write or admin; none where only token_scopes says, and for a job''s.';
comment on column access_tokens.last_used_address is 'Where it was last used from; empty when it was not.';
comment on column access_tokens.repo_id is 'Of a job''s own token: the repository it may read.';
comment on column access_tokens.attempt_id is 'Of a job''s own token: the attempt it dies with.';
comment on column access_tokens.made_by is 'Login of who made it.';

create table token_scopes (
    token_id bigint not null references access_tokens on delete cascade,
    tenant_id bigint not null references tenants on delete cascade,
    repo_id bigint,
    level permission_level not null,
    constraint scopes_are_of_one_tenant foreign key (repo_id, tenant_id) references repositories (id, tenant_id)
        on delete cascade,
    constraint token_scopes_are_unique unique nulls not distinct (token_id, tenant_id, repo_id),
    constraint scopes_allow_something check (level <> 'none')
);
create index token_scopes_of_a_tenant on token_scopes (tenant_id);
create index token_scopes_of_a_repository on token_scopes (repo_id, tenant_id) where repo_id is not null;
comment on table token_scopes is 'What a token may do in named tenants and repositories, beyond its level.';
comment on column token_scopes.token_id is 'The token.';
comment on column token_scopes.tenant_id is 'The tenant, or the repository''s.';
comment on column token_scopes.repo_id is 'Only this repository; null for all of the tenant, and the tenant itself.';
comment on column token_scopes.level is 'read, write or admin; never more than the token''s user may.';

-- Tenants --------------------------------------------------------------------------------------------------------

alter table tenants add column max_repositories integer;
alter table tenants add column max_timeout_minutes integer;
alter table tenants add column default_timeout_minutes integer not null default 60;
alter table tenants add column default_allow_pr boolean not null default true;
alter table tenants add column default_allow_push boolean not null default true;
alter table tenants add column default_allow_deploys boolean not null default false;
alter table tenants add column default_allow_tags boolean not null default false;
alter table tenants add constraint tenant_limits_are_in_range
    check (max_repositories >= 0 and max_timeout_minutes between 1 and 1440);
alter table tenants add constraint tenant_defaults_are_in_range check (default_timeout_minutes between 1 and 1440);
alter table tenants add constraint display_names_are_short check (length(display_name) <= 200);
comment on column tenants.max_repositories is 'How many repositories may be active; null for no limit.';
comment on column tenants.max_timeout_minutes is 'How long its jobs may run, whatever a repository says; null for no limit.';
comment on column tenants.default_timeout_minutes is 'Timeout of a newly activated repository.';
comment on column tenants.default_allow_pr is 'Whether pull requests make builds in a newly activated repository.';
comment on column tenants.default_allow_push is 'Whether pushes make builds in a newly activated repository.';
comment on column tenants.default_allow_deploys is 'Whether deployments make builds in a newly activated repository.';
comment on column tenants.default_allow_tags is 'Whether tags make builds in a newly activated repository.';

create table tenant_usage (
    tenant_id bigint not null references tenants on delete cascade,
    month date not null,
    builds bigint not null default 0,
    job_seconds bigint not null default 0,
    log_bytes bigint not null default 0,
    primary key (tenant_id, month),
    constraint months_start_on_the_first check (extract(day from month) = 1)
) with (fillfactor = 50);
comment on table tenant_usage is 'What each tenant used, per month in UTC. Deleting a repository does not lower it.';
comment on column tenant_usage.tenant_id is 'The tenant.';
comment on column tenant_usage.month is 'First day of the month.';
comment on column tenant_usage.builds is 'Builds made in it.';
comment on column tenant_usage.job_seconds is 'Seconds that attempts ran which ended in it.';
comment on column tenant_usage.log_bytes is 'Bytes of log of attempts that ended in it.';

create table usage_outbox (
    id bigint generated always as identity primary key,
    tenant_id bigint not null references tenants on delete cascade,
    at timestamptz not null default now(),
    builds bigint not null default 0,
    job_seconds bigint not null default 0,
    log_bytes bigint not null default 0
);
create index usage_outbox_of_a_tenant on usage_outbox (tenant_id);
comment on table usage_outbox is 'Usage that is not in tenant_usage yet: a worker adds it up, so that ends of jobs do not wait for each other.';
comment on column usage_outbox.id is 'Primary key.';
comment on column usage_outbox.tenant_id is 'The tenant.';
comment on column usage_outbox.at is 'When it was used.';
comment on column usage_outbox.builds is 'Builds made.';
comment on column usage_outbox.job_seconds is 'Seconds an attempt ran.';
comment on column usage_outbox.log_bytes is 'Bytes of its log.';

-- Secrets --------------------------------------------------------------------------------------------------------

create table secrets (
    id bigint generated by default as identity primary key,
    tenant_id bigint not null references tenants on delete cascade,
    repo_id bigint,
    name text not null,
    value bytea not null,
    value_key text not null,
    events build_event[] not null,
    images text[] not null default '{}',
    created_by text not null default '',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint secrets_are_of_one_tenant foreign key (repo_id, tenant_id) references repositories (id, tenant_id)
        on delete cascade,
    constraint secret_names_are_variables check (name ~ '^[A-Za-z_][A-Za-z0-9_]{0,99}$'),
    constraint secrets_have_an_event check (cardinality(events) > 0)
);
create unique index secret_names_are_unique_in_their_place on secrets (tenant_id, coalesce(repo_id, 0), lower(name));
create index secrets_of_a_repository on secrets (repo_id, tenant_id) where repo_id is not null;
create index secrets_by_key on secrets (value_key);
comment on table secrets is 'Named secrets of tenants and repositories, sealed. A repository''s goes before its tenant''s.';
comment on column secrets.id is 'Primary key, drawn before the row is written because the value is bound to it.';
comment on column secrets.tenant_id is 'Whose it is.';
comment on column secrets.repo_id is 'Only for this repository; null for all of the tenant.';
comment on column secrets.name is 'What pipelines call it; unique ignoring case.';
comment on column secrets.value is 'The value, sealed.';
comment on column secrets.value_key is 'Id of the key that sealed it.';
comment on column secrets.events is 'Events whose builds get it.';
comment on column secrets.images is 'Patterns of the images whose steps get it; empty for all.';
comment on column secrets.created_by is 'Login of who made it.';
comment on column secrets.created_at is 'When it was made.';
comment on column secrets.updated_at is 'When its value or rules were last changed.';

alter table builds add column from_fork boolean not null default false;
alter table builds add column sealed text;
comment on column builds.from_fork is 'A pull request whose commits come from another repository: it never gets a secret.';
comment on column builds.sealed is 'The .drone.sec of the commit, still encrypted; null where there is none.';

create index repositories_by_hook_secret_key on repositories (hook_secret_key);
create index key_pairs_by_key on key_pairs (private_key_key);

-- Mixed-up tenants are made impossible ---------------------------------------------------------------------------

drop index queue_of_a_repository;
create index queue_of_a_repository on queue (repo_id, tenant_id);
alter table queue add constraint queued_work_is_of_one_tenant foreign key (repo_id, tenant_id)
    references repositories (id, tenant_id) on delete cascade;

-- Audit ----------------------------------------------------------------------------------------------------------

create table audit (
    day date not null default (now() at time zone 'UTC')::date,
    id bigint generated always as identity,
    at timestamptz not null default now(),
    tenant_id bigint,
    actor_kind actor_kind not null,
    actor text not null,
    actor_id bigint,
    token_id bigint,
    address text not null default '',
    action text not null,
    object text not null,
    before jsonb,
    after jsonb,
    request_id text not null default '',
    primary key (day, id)
) partition by range (day);
create table audit_default partition of audit default;
create index audit_by_id on audit (id desc);
create index audit_of_a_tenant on audit (tenant_id, id desc);
comment on table audit is 'Who changed what. Rows are only ever added; old partitions are dropped whole.';
comment on column audit.day is 'UTC day; the partition.';
comment on column audit.id is 'Number of the entry; pages go down by it.';
comment on column audit.at is 'When.';
comment on column audit.tenant_id is 'Whose administrators see it; null for what only administrators of the server see. No foreign key: it outlives the tenant.';
comment on column audit.actor_kind is 'user; operator for the command line; forge; agent; system for Skep itself.';
comment on column audit.actor is 'Login, operating system''s user, forge''s or agent''s name.';
comment on column audit.actor_id is 'Id of the user, where it is one.';
comment on column audit.token_id is 'Id of the token that was used.';
comment on column audit.address is 'Where the request came from.';
comment on column audit.action is 'What was done, such as repo.update.';
comment on column audit.object is 'To what, such as octocat/hello-world.';
comment on column audit.before is 'What it was, without secrets; null for what is new.';
comment on column audit.after is 'What it is, without secrets; null for what is gone.';
comment on column audit.request_id is 'The request''s X-Request-Id.';

-- Repeated requests ----------------------------------------------------------------------------------------------

create table idempotency_keys (
    user_id bigint not null references users on delete cascade,
    key text not null,
    request bytea not null,
    status integer,
    headers json,
    body bytea,
    committed boolean not null default false,
    created_at timestamptz not null default clock_timestamp(),
    primary key (user_id, key),
    constraint idempotency_keys_are_short check (length(key) between 1 and 255)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
comment on table idempotency_keys is 'First replies to requests that carried an Idempotency-Key, for 24 hours.';
comment on column idempotency_keys.user_id is 'Whose key it is.';
comment on column idempotency_keys.key is 'The header''s value.';
comment on column idempotency_keys.request is 'SHA-256 of method, path, query and body: another request cannot use the key.';
comment on column idempotency_keys.status is 'Status of the reply; null until it is known.';
comment on column idempotency_keys.headers is 'Headers of the reply worth repeating.';
comment on column idempotency_keys.body is 'Body of the reply.';
comment on column idempotency_keys.committed is 'The change itself is committed, whatever became of the reply.';
comment on column idempotency_keys.created_at is 'When the request came.';

-- Partitions and rights ------------------------------------------------------------------------------------------

create or replace function make_partitions(first_day date, days integer) returns integer
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
    made integer := 0;
    parent text;
    child text;
    on_day date;
begin
    if days not between 1 and 60 then
        raise exception 'days must be 1 to 60' using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(7237370, 1);
    foreach parent in array array['log_segments', 'deliveries', 'audit'] loop
        for on_day in select d::date from generate_series(first_day, first_day + days - 1, interval '1 day') as d loop
            child := parent || '_' || to_char(on_day, 'YYYYMMDD');
            if to_regclass('public.' || child) is null then
                begin
                    execute format(
                        'create table public.%I partition of public.%I for values from (%L) to (%L)',
                        child, parent, on_day, on_day + 1);
                    if parent = 'log_segments' then
                        execute format('alter table public.%I alter column data set storage external', child);
                    end if;
                    made := made + 1;
                exception
                    -- The default partition has rows of that day already, and keeps the day.
                    when check_violation then null;
                end;
            end if;
        end loop;
    end loop;
    return made;
end
$$;
comment on function make_partitions(date, integer) is
    'Makes the daily partitions of log segments, deliveries and audit that are missing; answers how many it made.';

grant select, insert, update, delete on
    token_scopes, tenant_usage, usage_outbox, secrets, idempotency_keys to skep_server;
grant select, insert on audit to skep_server;
grant usage, select on all sequences in schema public to skep_server;
