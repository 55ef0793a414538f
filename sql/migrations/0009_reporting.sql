-- The rest of ci_report: attempts, steps, agents, deliveries, and analyses that read from roll-ups by day, which a worker
-- keeps up from what ended since the last time.

-- What readers ask a repository by -------------------------------------------------------------------------------

-- In a security_barrier view a condition on `owner || '/' || name` is checked after everything else, because || is not
-- leakproof: a question about one repository would read the whole history. A column of its own is found by an index.
alter table repositories add column full_name text not null generated always as (owner || '/' || name) stored;
create index repositories_by_full_name on repositories (full_name) where deleted_at is null;
comment on column repositories.full_name is 'owner/name, for reports.';
comment on index repositories_by_full_name is 'Reports about one repository.';

-- Durations in buckets -------------------------------------------------------------------------------------------

create function duration_bucket(milliseconds bigint) returns smallint
    language sql immutable strict parallel safe
    return case when milliseconds <= 1 then 0 else least(ceil(8 * ln(milliseconds::double precision) / ln(2)), 400) end::smallint;
comment on function duration_bucket(bigint) is
    'The bucket of a duration: n holds what is longer than 2^((n - 1) / 8) ms and not longer than 2^(n / 8) ms, 0 what is not longer than 1 ms.';

-- Outboxes -------------------------------------------------------------------------------------------------------

create table ended_builds (
    id bigint generated always as identity primary key,
    build_id bigint not null,
    status run_status not null,
    started_at timestamptz,
    finished_at timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
comment on table ended_builds is
    'Builds that ended and are not in the roll-ups yet. A worker moves them there, so that ends of builds do not wait for each other.';
comment on column ended_builds.id is 'Primary key.';
comment on column ended_builds.build_id is 'The build. No foreign key: what is erased before it is counted is not counted.';
comment on column ended_builds.status is 'How it ended. Kept here, because a restart overwrites it in the build.';
comment on column ended_builds.started_at is 'First start of a job of that run; null where none started.';
comment on column ended_builds.finished_at is 'Its end.';

create table ended_attempts (
    id bigint generated always as identity primary key,
    attempt_id bigint not null,
    enqueued_at timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
comment on table ended_attempts is 'Attempts that ended and are not in the roll-ups yet.';
comment on column ended_attempts.id is 'Primary key.';
comment on column ended_attempts.attempt_id is
    'The attempt. Nothing but its log changes after its end, so that the rest is read when it is counted.';
comment on column ended_attempts.enqueued_at is 'When its job was put on the queue: a restart overwrites it in the job.';

create table report_history (
    kind text not null,
    first_id bigint not null,
    last_id bigint not null,
    before timestamptz not null,
    unfinished bigint[] not null,
    primary key (kind, first_id),
    constraint history_is_of_builds_or_attempts check (kind in ('builds', 'attempts'))
);
comment on table report_history is
    'What ended before there were roll-ups and is not in them yet, in pieces. A worker counts them; empty when it is done.';
comment on column report_history.kind is 'builds or attempts.';
comment on column report_history.first_id is 'First id of the piece.';
comment on column report_history.last_id is 'Last id of the piece.';
comment on column report_history.before is 'Only what ended before: later ends come through ended_builds and ended_attempts.';
comment on column report_history.unfinished is
    'Ids of the piece that had not ended then. They are not counted here, whatever their end says: it came through the outbox.';

-- Roll-ups -------------------------------------------------------------------------------------------------------

create table daily_builds (
    repo_id bigint not null references repositories on delete cascade,
    day date not null,
    branch text not null,
    event build_event not null,
    status run_status not null,
    bucket smallint not null,
    builds bigint not null,
    total_ms bigint not null,
    primary key (repo_id, day, branch, event, status, bucket)
) with (fillfactor = 80);
comment on table daily_builds is 'Builds that ended, by day and how long they ran. A build that was restarted ended twice.';
comment on column daily_builds.repo_id is 'The repository.';
comment on column daily_builds.day is 'UTC day of the end.';
comment on column daily_builds.branch is 'Branch pushed to, or the pull request''s target.';
comment on column daily_builds.event is 'What they answered.';
comment on column daily_builds.status is 'How they ended.';
comment on column daily_builds.bucket is 'duration_bucket of start to end; -1 for builds that never started.';
comment on column daily_builds.builds is 'How many.';
comment on column daily_builds.total_ms is 'How long they ran together, in milliseconds.';

create table mainline_ends (
    repo_id bigint not null references repositories on delete cascade,
    day date not null,
    finished_at timestamptz not null,
    build_id bigint not null,
    number bigint not null,
    commit text not null,
    committed_at timestamptz not null,
    succeeded boolean not null,
    primary key (repo_id, day, finished_at, build_id)
);
create index mainline_successes on mainline_ends (repo_id, commit, day, finished_at) where succeeded;
comment on table mainline_ends is
    'Ends of push builds of default branches, killed ones left out: what lead times and times to recovery are made of.';
comment on column mainline_ends.repo_id is 'The repository.';
comment on column mainline_ends.day is 'UTC day of the end.';
comment on column mainline_ends.finished_at is 'The end.';
comment on column mainline_ends.build_id is 'The build. No foreign key: it may be removed before this.';
comment on column mainline_ends.number is 'Its number.';
comment on column mainline_ends.commit is 'Object name of its commit.';
comment on column mainline_ends.committed_at is 'Time of its commit.';
comment on column mainline_ends.succeeded is 'False: it ended in failure or error.';
comment on index mainline_successes is 'Whether a commit succeeded before.';

create table hourly_waits (
    tenant_id bigint not null references tenants on delete cascade,
    hour timestamptz not null,
    class_id bigint not null references label_classes,
    bucket smallint not null,
    jobs bigint not null,
    total_ms bigint not null,
    primary key (tenant_id, hour, class_id, bucket)
) with (fillfactor = 80);
comment on table hourly_waits is 'How long jobs waited for an agent, by the hour they started in.';
comment on column hourly_waits.tenant_id is 'Whose jobs they were.';
comment on column hourly_waits.hour is 'Begin of the hour.';
comment on column hourly_waits.class_id is 'What an agent had to have.';
comment on column hourly_waits.bucket is 'duration_bucket of the wait.';
comment on column hourly_waits.jobs is 'How many.';
comment on column hourly_waits.total_ms is 'How long they waited together, in milliseconds.';

create table daily_steps (
    repo_id bigint not null references repositories on delete cascade,
    day date not null,
    name text not null,
    bucket smallint not null,
    steps bigint not null,
    failures bigint not null,
    total_ms bigint not null,
    primary key (repo_id, day, name, bucket)
) with (fillfactor = 80);
comment on table daily_steps is 'Steps that ran, by name, day and how long they took.';
comment on column daily_steps.repo_id is 'The repository.';
comment on column daily_steps.day is 'UTC day of the attempt''s end.';
comment on column daily_steps.name is 'Name in the file.';
comment on column daily_steps.bucket is 'duration_bucket of start to end.';
comment on column daily_steps.steps is 'How many.';
comment on column daily_steps.failures is 'How many of them ended in failure or error.';
comment on column daily_steps.total_ms is 'How long they ran together, in milliseconds.';

create table daily_agents (
    agent_id bigint not null references agents on delete cascade,
    day date not null,
    attempts bigint not null,
    busy_ms bigint not null,
    primary key (agent_id, day)
) with (fillfactor = 80);
comment on table daily_agents is 'How long agents were at work.';
comment on column daily_agents.agent_id is 'The agent.';
comment on column daily_agents.day is 'UTC day; an attempt that ran over midnight is in both.';
comment on column daily_agents.attempts is 'Attempts that ran in it.';
comment on column daily_agents.busy_ms is 'How long they ran in it together, in milliseconds.';

create table daily_storage (
    repo_id bigint not null references repositories on delete cascade,
    day date not null,
    attempts bigint not null,
    log_bytes bigint not null,
    stored_bytes bigint not null,
    primary key (repo_id, day)
) with (fillfactor = 80);
comment on table daily_storage is 'What logs take, by the day of their partition.';
comment on column daily_storage.repo_id is 'The repository.';
comment on column daily_storage.day is 'attempts.log_day.';
comment on column daily_storage.attempts is 'Attempts with a log.';
comment on column daily_storage.log_bytes is 'Bytes of text.';
comment on column daily_storage.stored_bytes is 'Bytes of the segments when they were counted, compressed.';

create table job_outcomes (
    repo_id bigint not null references repositories on delete cascade,
    commit text not null,
    branch text not null,
    event build_event not null,
    job_number integer not null,
    environment json not null,
    last_build bigint not null,
    day date not null,
    successes bigint not null,
    failures bigint not null,
    primary key (repo_id, commit, branch, event, job_number)
) with (fillfactor = 80);
create index flaky_outcomes on job_outcomes (repo_id, day) where successes > 0 and failures > 0;
create index job_outcomes_by_day on job_outcomes (day);
comment on table job_outcomes is
    'How the runs of one job on one commit ended: those that did not always end alike are flaky. Forgotten 90 days after the last.';
comment on column job_outcomes.repo_id is 'The repository.';
comment on column job_outcomes.commit is 'Object name of the commit.';
comment on column job_outcomes.branch is 'Branch pushed to, or the pull request''s target.';
comment on column job_outcomes.event is 'What the builds answered.';
comment on column job_outcomes.job_number is 'Number of the job in its build.';
comment on column job_outcomes.environment is 'Its cell of the matrix.';
comment on column job_outcomes.last_build is 'Number of the newest of the builds.';
comment on column job_outcomes.day is 'UTC day of the last end.';
comment on column job_outcomes.successes is 'Attempts that succeeded.';
comment on column job_outcomes.failures is 'Attempts that failed. Killed ones, and those in error, say nothing about the commit.';
comment on index flaky_outcomes is 'What ci_report.flaky_jobs shows.';
comment on index job_outcomes_by_day is 'What is to be forgotten.';

-- What ends goes into the outbox ---------------------------------------------------------------------------------

-- Triggers, because a build or an attempt ends in one of five statements, a server of the version before runs its own, and none may
-- be missed. They fire on the one transition from without an end to with one, cost one insert each, and touch no row that
-- another end touches. docs/reporting.md has their price.

create function note_ended_build() returns trigger
    language plpgsql
as $$
begin
    insert into public.ended_builds (build_id, status, started_at, finished_at)
    values (new.id, new.status, new.started_at, new.finished_at);
    return null;
end
$$;
comment on function note_ended_build() is 'Puts a build that has just ended into ended_builds.';

create function note_ended_attempt() returns trigger
    language plpgsql
as $$
begin
    insert into public.ended_attempts (attempt_id, enqueued_at)
    select new.id, j.enqueued_at
    from public.jobs j
    where j.id = new.job_id;
    return null;
end
$$;
comment on function note_ended_attempt() is 'Puts an attempt that has just ended into ended_attempts.';

create trigger note_end after update of finished_at on builds
    for each row when (old.finished_at is null and new.finished_at is not null)
    execute function note_ended_build();
create trigger note_end_at_once after insert on builds
    for each row when (new.finished_at is not null)
    execute function note_ended_build();
create trigger note_end after update of finished_at on attempts
    for each row when (old.finished_at is null and new.finished_at is not null)
    execute function note_ended_attempt();
create trigger note_end_at_once after insert on attempts
    for each row when (new.finished_at is not null)
    execute function note_ended_attempt();

-- What ended before. The triggers' locks keep writers out until this is committed: what has an end now is history, and whatever
-- has none yet ends through the outbox. Only pieces are made here, because counting a long history takes minutes.
insert into report_history (kind, first_id, last_id, before, unfinished)
select 'builds', p.piece * 2000 + 1, p.piece * 2000 + 2000, clock_timestamp(), coalesce(u.ids, '{}')
from generate_series(0, (select max(id) - 1 from builds) / 2000) as p (piece)
left join (
    select (id - 1) / 2000 as piece, array_agg(id) as ids
    from builds
    where status in ('pending', 'running')
    group by 1
) u on u.piece = p.piece;

insert into report_history (kind, first_id, last_id, before, unfinished)
select 'attempts', p.piece * 2000 + 1, p.piece * 2000 + 2000, clock_timestamp(), coalesce(u.ids, '{}')
from generate_series(0, (select max(id) - 1 from attempts) / 2000) as p (piece)
left join (
    select (a.id - 1) / 2000 as piece, array_agg(a.id) as ids
    from queue q
    join attempts a on a.job_id = q.id
    where a.finished_at is null
    group by 1
) u on u.piece = p.piece;

grant select, insert, update, delete on
    ended_builds, ended_attempts, report_history, daily_builds, mainline_ends, hourly_waits, daily_steps, daily_agents,
    daily_storage, job_outcomes to skep_server;
grant usage, select on all sequences in schema public to skep_server;

-- Percentiles ----------------------------------------------------------------------------------------------------

create function ci_report.add_to_histogram(histogram bigint[], bucket integer, count bigint) returns bigint[]
    language plpgsql immutable parallel safe
as $$
begin
    if bucket >= 0 then
        histogram[bucket] := coalesce(histogram[bucket], 0) + count;
    end if;
    return histogram;
end
$$;
comment on function ci_report.add_to_histogram(bigint[], integer, bigint) is 'The step of ci_report.histogram.';

create aggregate ci_report.histogram(bucket integer, count bigint) (
    sfunc = ci_report.add_to_histogram, stype = bigint[], initcond = '{}', parallel = safe
);
comment on aggregate ci_report.histogram(integer, bigint) is
    'Counts by bucket, for ci_report.percentile.';

create function ci_report.add_histograms(total bigint[], histogram bigint[]) returns bigint[]
    language plpgsql immutable parallel safe
as $$
begin
    for bucket in coalesce(array_lower(histogram, 1), 0)..coalesce(array_upper(histogram, 1), -1) loop
        if histogram[bucket] is not null then
            total[bucket] := coalesce(total[bucket], 0) + histogram[bucket];
        end if;
    end loop;
    return total;
end
$$;
comment on function ci_report.add_histograms(bigint[], bigint[]) is 'The step of ci_report.merge.';

create aggregate ci_report.merge(histogram bigint[]) (
    sfunc = ci_report.add_histograms, stype = bigint[], initcond = '{}', combinefunc = ci_report.add_histograms,
    parallel = safe
);
comment on aggregate ci_report.merge(bigint[]) is
    'Adds up the histograms of several rows: percentiles of a month come from this, never from those of its days.';

create function ci_report.bucket_duration(bucket integer) returns interval
    language sql immutable strict parallel safe
    return case when bucket <= 0 then interval '0' else make_interval(secs => power(2, (bucket - 0.5) / 8) / 1000) end;
comment on function ci_report.bucket_duration(integer) is
    'What stands for the durations in a bucket: the geometric middle, less than 4.5 % from each of them.';

create function ci_report.percentile(histogram bigint[], fraction double precision) returns interval
    language plpgsql immutable strict parallel safe
as $$
declare
    total numeric := (select sum(n) from unnest(histogram) as n);
    seen bigint := 0;
begin
    for bucket in coalesce(array_lower(histogram, 1), 0)..coalesce(array_upper(histogram, 1), -1) loop
        seen := seen + coalesce(histogram[bucket], 0);
        if seen > 0 and seen >= fraction * total then
            return ci_report.bucket_duration(bucket);
        end if;
    end loop;
    return null;
end
$$;
comment on function ci_report.percentile(bigint[], double precision) is
    'The duration that the fraction (0 to 1) of what a histogram counts does not exceed, to 4.5 %; null for an empty one.';

-- What there is --------------------------------------------------------------------------------------------------

-- The name of a tenant is fetched by its key (`offset 0`). As a plain join it was compared with all tenants for each build of a
-- repository with more of them than the planner thought: 440 ms instead of 50 for 22,000 builds.

create or replace view ci_report.repositories with (security_barrier) as
select
    r.id,
    r.tenant_id,
    t.name as tenant,
    f.name as forge,
    r.owner,
    r.name,
    r.full_name,
    r.default_branch,
    r.private,
    r.trusted,
    r.timeout_minutes,
    r.allow_pr,
    r.allow_push,
    r.allow_deploys,
    r.allow_tags,
    r.activated_by,
    r.created_at
from public.repositories r
join public.tenants t on t.id = r.tenant_id
join public.forges f on f.id = r.forge_id
where r.deleted_at is null
    and exists (
        select
        from ci_report.report_access a
        where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
    );

create or replace view ci_report.builds with (security_barrier) as
select
    b.id,
    b.repo_id as repository_id,
    r.tenant_id,
    t.name as tenant,
    r.full_name as repository,
    b.number,
    b.parent,
    b.event::text as event,
    b.status::text as status,
    b.branch,
    b.ref,
    b.commit,
    b.author,
    b.title,
    b.message,
    b.deploy_to,
    b.error,
    b.from_fork,
    b.committed_at,
    b.created_at,
    b.enqueued_at,
    b.started_at,
    b.finished_at,
    b.started_at - b.enqueued_at as waited,
    b.finished_at - b.started_at as duration
from public.builds b
join public.repositories r on r.id = b.repo_id
cross join lateral (select name from public.tenants where id = r.tenant_id offset 0) t
where r.deleted_at is null
    and exists (
        select
        from ci_report.report_access a
        where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
    );

create or replace view ci_report.jobs with (security_barrier) as
select
    j.id,
    j.build_id,
    b.repo_id as repository_id,
    r.tenant_id,
    t.name as tenant,
    r.full_name as repository,
    b.number as build_number,
    j.number,
    j.status::text as status,
    j.environment,
    c.labels,
    j.attempt,
    j.exit_code,
    j.error,
    j.enqueued_at,
    j.started_at,
    j.finished_at,
    j.started_at - j.enqueued_at as waited,
    j.finished_at - j.started_at as duration,
    b.created_at as build_created_at
from public.jobs j
join public.builds b on b.id = j.build_id
join public.repositories r on r.id = b.repo_id
cross join lateral (select name from public.tenants where id = r.tenant_id offset 0) t
join public.label_classes c on c.id = j.class_id
where r.deleted_at is null
    and exists (
        select
        from ci_report.report_access a
        where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
    );
comment on column ci_report.jobs.build_created_at is 'When the build was made: what to ask for a period by.';

create view ci_report.job_attempts with (security_barrier) as
select
    a.id,
    a.job_id,
    j.build_id,
    b.repo_id as repository_id,
    r.tenant_id,
    t.name as tenant,
    r.full_name as repository,
    b.number as build_number,
    j.number as job_number,
    a.number,
    a.status::text as status,
    a.agent_id,
    g.name as agent,
    a.exit_code,
    a.error,
    a.created_at as claimed_at,
    a.started_at,
    a.finished_at,
    a.finished_at - a.started_at as duration,
    a.log_size as log_bytes,
    b.created_at as build_created_at
from public.attempts a
join public.jobs j on j.id = a.job_id
join public.builds b on b.id = j.build_id
join public.repositories r on r.id = b.repo_id
cross join lateral (select name from public.tenants where id = r.tenant_id offset 0) t
left join public.agents g on g.id = a.agent_id
where r.deleted_at is null
    and exists (
        select
        from ci_report.report_access c
        where c.role_name = current_user and (c.tenant_id is null or c.tenant_id = r.tenant_id)
    );
comment on view ci_report.job_attempts is 'Attempts of jobs: each run by an agent, also those before a restart or a lost agent.';
comment on column ci_report.job_attempts.id is 'What attempt_id of the other views points to.';
comment on column ci_report.job_attempts.job_id is 'The job.';
comment on column ci_report.job_attempts.build_id is 'The build.';
comment on column ci_report.job_attempts.repository_id is 'The repository.';
comment on column ci_report.job_attempts.tenant_id is 'Who owns the repository.';
comment on column ci_report.job_attempts.tenant is 'Name of the tenant.';
comment on column ci_report.job_attempts.repository is 'owner/name of the repository.';
comment on column ci_report.job_attempts.build_number is 'Number of the build in the repository.';
comment on column ci_report.job_attempts.job_number is 'Number of the job in the build.';
comment on column ci_report.job_attempts.number is 'Counts 1, 2, 3 … in the job.';
comment on column ci_report.job_attempts.status is 'pending from claim to first heartbeat, then running, then success, failure, killed or error.';
comment on column ci_report.job_attempts.agent_id is 'Who ran it; null when the agent is gone, and where Skep itself ended it.';
comment on column ci_report.job_attempts.agent is 'Name of the agent.';
comment on column ci_report.job_attempts.exit_code is 'Exit code of the step that decided.';
comment on column ci_report.job_attempts.error is 'Why it ended in error or was killed, else empty.';
comment on column ci_report.job_attempts.claimed_at is 'When the agent claimed it.';
comment on column ci_report.job_attempts.started_at is 'First heartbeat; null before.';
comment on column ci_report.job_attempts.finished_at is 'When it ended or was given up; null before.';
comment on column ci_report.job_attempts.duration is 'From started_at to finished_at.';
comment on column ci_report.job_attempts.log_bytes is 'Bytes of its log, as text.';
comment on column ci_report.job_attempts.build_created_at is 'When the build was made: what to ask for a period by.';

create view ci_report.steps with (security_barrier) as
select
    s.attempt_id,
    a.job_id,
    j.build_id,
    b.repo_id as repository_id,
    r.tenant_id,
    t.name as tenant,
    r.full_name as repository,
    b.number as build_number,
    j.number as job_number,
    a.number as attempt,
    s.number,
    s.name,
    s.image,
    s.status::text as status,
    s.exit_code,
    s.started_at,
    s.finished_at,
    s.finished_at - s.started_at as duration,
    b.created_at as build_created_at
from public.steps s
join public.attempts a on a.id = s.attempt_id
join public.jobs j on j.id = a.job_id
join public.builds b on b.id = j.build_id
join public.repositories r on r.id = b.repo_id
cross join lateral (select name from public.tenants where id = r.tenant_id offset 0) t
where r.deleted_at is null
    and exists (
        select
        from ci_report.report_access c
        where c.role_name = current_user and (c.tenant_id is null or c.tenant_id = r.tenant_id)
    );
comment on view ci_report.steps is 'Steps of attempts.';
comment on column ci_report.steps.attempt_id is 'The attempt.';
comment on column ci_report.steps.job_id is 'The job.';
comment on column ci_report.steps.build_id is 'The build.';
comment on column ci_report.steps.repository_id is 'The repository.';
comment on column ci_report.steps.tenant_id is 'Who owns the repository.';
comment on column ci_report.steps.tenant is 'Name of the tenant.';
comment on column ci_report.steps.repository is 'owner/name of the repository.';
comment on column ci_report.steps.build_number is 'Number of the build in the repository.';
comment on column ci_report.steps.job_number is 'Number of the job in the build.';
comment on column ci_report.steps.attempt is 'Number of the attempt in the job.';
comment on column ci_report.steps.number is '0 is the clone, 1 the first step of the file.';
comment on column ci_report.steps.name is 'Name in the file.';
comment on column ci_report.steps.image is 'Image asked for.';
comment on column ci_report.steps.status is 'pending, running, success, failure, killed, error, or skipped where an earlier step failed.';
comment on column ci_report.steps.exit_code is 'Exit code of the command that ended it.';
comment on column ci_report.steps.started_at is 'By the agent''s clock; null where it did not start.';
comment on column ci_report.steps.finished_at is 'By the agent''s clock, or when Skep closed it; null before.';
comment on column ci_report.steps.duration is 'From started_at to finished_at.';
comment on column ci_report.steps.build_created_at is 'When the build was made: what to ask for a period by.';

create view ci_report.agents with (security_barrier) as
select
    g.id,
    k.tenant_id,
    t.name as tenant,
    g.name,
    g.labels,
    g.slots,
    g.version as protocol_version,
    g.paused,
    g.created_at,
    g.last_seen_at
from public.agents g
join public.agent_tokens k on k.id = g.token_id
left join public.tenants t on t.id = k.tenant_id
where exists (
    select
    from ci_report.report_access a
    where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = k.tenant_id)
);
comment on view ci_report.agents is 'Programs that run jobs. Those that work for everybody are seen by who sees all tenants.';
comment on column ci_report.agents.id is 'What agent_id of the other views points to.';
comment on column ci_report.agents.tenant_id is 'Whose jobs it runs; null for everybody''s.';
comment on column ci_report.agents.tenant is 'Name of the tenant; null for everybody.';
comment on column ci_report.agents.name is 'The name it gives itself.';
comment on column ci_report.agents.labels is 'What it has.';
comment on column ci_report.agents.slots is 'Jobs it runs at once.';
comment on column ci_report.agents.protocol_version is 'Version of the protocol it speaks.';
comment on column ci_report.agents.paused is 'It gets no work until somebody resumes it.';
comment on column ci_report.agents.created_at is 'When it first came.';
comment on column ci_report.agents.last_seen_at is 'When it last asked for work, to about half a minute.';

create view ci_report.webhook_deliveries with (security_barrier) as
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
    and exists (
        select
        from ci_report.report_access a
        where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
    );
comment on view ci_report.webhook_deliveries is 'What forges told Skep, and what became of it.';
comment on column ci_report.webhook_deliveries.day is 'UTC day of receipt: what to ask for a period by.';
comment on column ci_report.webhook_deliveries.id is 'Number of the delivery.';
comment on column ci_report.webhook_deliveries.repository_id is 'The repository.';
comment on column ci_report.webhook_deliveries.tenant_id is 'Who owns the repository.';
comment on column ci_report.webhook_deliveries.tenant is 'Name of the tenant.';
comment on column ci_report.webhook_deliveries.repository is 'owner/name of the repository.';
comment on column ci_report.webhook_deliveries.key is 'The forge''s id of the delivery.';
comment on column ci_report.webhook_deliveries.event is 'The forge''s name of the event.';
comment on column ci_report.webhook_deliveries.received_at is 'When it was stored.';
comment on column ci_report.webhook_deliveries.outcome is 'waiting, built, ignored or failed.';
comment on column ci_report.webhook_deliveries.reason is 'Why there is no build, in words.';
comment on column ci_report.webhook_deliveries.builds is 'Numbers of the builds it made.';
comment on column ci_report.webhook_deliveries.tries is 'How often handling it was tried.';
comment on column ci_report.webhook_deliveries.finished_at is 'When its outcome was settled; null before.';
comment on column ci_report.webhook_deliveries.duration is 'From received_at to finished_at.';
comment on column ci_report.webhook_deliveries.body_bytes is 'Bytes of its body.';

-- Analyses -------------------------------------------------------------------------------------------------------

create view ci_report.build_durations with (security_barrier) as
select
    r.tenant_id,
    t.name as tenant,
    d.repo_id as repository_id,
    r.full_name as repository,
    d.branch,
    d.event::text as event,
    d.day,
    sum(d.builds)::bigint as builds,
    ci_report.percentile(ci_report.histogram(d.bucket, d.builds), 0.5) as p50,
    ci_report.percentile(ci_report.histogram(d.bucket, d.builds), 0.95) as p95,
    sum(d.total_ms)::bigint * interval '1 millisecond' as total,
    ci_report.histogram(d.bucket, d.builds) as histogram
from public.daily_builds d
join public.repositories r on r.id = d.repo_id
join public.tenants t on t.id = r.tenant_id
where r.deleted_at is null
    and d.status in ('success', 'failure')
    and d.bucket >= 0
    and exists (
        select
        from ci_report.report_access a
        where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
    )
group by r.tenant_id, t.name, d.repo_id, r.full_name, d.branch, d.event, d.day;
comment on view ci_report.build_durations is
    'How long builds ran that ended in success or failure, per repository, branch, event and day.';
comment on column ci_report.build_durations.tenant_id is 'Who owns the repository.';
comment on column ci_report.build_durations.tenant is 'Name of the tenant.';
comment on column ci_report.build_durations.repository_id is 'The repository.';
comment on column ci_report.build_durations.repository is 'owner/name of the repository.';
comment on column ci_report.build_durations.branch is 'Branch pushed to, or the pull request''s target.';
comment on column ci_report.build_durations.event is 'push, pull_request, tag or deployment.';
comment on column ci_report.build_durations.day is 'UTC day of the end.';
comment on column ci_report.build_durations.builds is 'How many builds; one that was restarted ended more than once.';
comment on column ci_report.build_durations.p50 is 'What half of them did not exceed, to 4.5 %.';
comment on column ci_report.build_durations.p95 is 'What 95 of 100 did not exceed, to 4.5 %.';
comment on column ci_report.build_durations.total is 'How long they ran together.';
comment on column ci_report.build_durations.histogram is
    'What the percentiles are made of. ci_report.merge adds up those of several rows, for percentiles of longer periods.';

create view ci_report.queue_wait with (security_barrier) as
select
    w.tenant_id,
    t.name as tenant,
    w.class_id as label_class_id,
    c.labels,
    w.hour,
    sum(w.jobs)::bigint as jobs,
    ci_report.percentile(ci_report.histogram(w.bucket, w.jobs), 0.5) as p50,
    ci_report.percentile(ci_report.histogram(w.bucket, w.jobs), 0.95) as p95,
    sum(w.total_ms)::bigint * interval '1 millisecond' as total,
    ci_report.histogram(w.bucket, w.jobs) as histogram
from public.hourly_waits w
join public.tenants t on t.id = w.tenant_id
join public.label_classes c on c.id = w.class_id
where exists (
    select
    from ci_report.report_access a
    where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = w.tenant_id)
)
group by w.tenant_id, t.name, w.class_id, c.labels, w.hour;
comment on view ci_report.queue_wait is
    'How long jobs waited for an agent, per tenant, set of labels and hour. A job is in here when its attempt has ended.';
comment on column ci_report.queue_wait.tenant_id is 'Whose jobs they were.';
comment on column ci_report.queue_wait.tenant is 'Name of the tenant.';
comment on column ci_report.queue_wait.label_class_id is 'Number of the set of labels.';
comment on column ci_report.queue_wait.labels is 'What an agent had to have.';
comment on column ci_report.queue_wait.hour is 'Begin of the hour they started in.';
comment on column ci_report.queue_wait.jobs is 'How many starts; a job that was restarted, or lost its agent, started more than once.';
comment on column ci_report.queue_wait.p50 is 'What half of them did not exceed, to 4.5 %.';
comment on column ci_report.queue_wait.p95 is 'What 95 of 100 did not exceed, to 4.5 %.';
comment on column ci_report.queue_wait.total is 'How long they waited together.';
comment on column ci_report.queue_wait.histogram is
    'What the percentiles are made of. ci_report.merge adds up those of several rows, for percentiles of longer periods.';

create view ci_report.failure_rates with (security_barrier) as
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
    and exists (
        select
        from ci_report.report_access a
        where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
    )
group by r.tenant_id, t.name, d.repo_id, r.full_name, d.branch, d.event, d.day;
comment on view ci_report.failure_rates is 'How builds ended, per repository, branch, event and day.';
comment on column ci_report.failure_rates.tenant_id is 'Who owns the repository.';
comment on column ci_report.failure_rates.tenant is 'Name of the tenant.';
comment on column ci_report.failure_rates.repository_id is 'The repository.';
comment on column ci_report.failure_rates.repository is 'owner/name of the repository.';
comment on column ci_report.failure_rates.branch is 'Branch pushed to, or the pull request''s target.';
comment on column ci_report.failure_rates.event is 'push, pull_request, tag or deployment.';
comment on column ci_report.failure_rates.day is 'UTC day of the end.';
comment on column ci_report.failure_rates.builds is 'How many builds ended; one that was restarted ended more than once.';
comment on column ci_report.failure_rates.succeeded is 'Those that ended in success.';
comment on column ci_report.failure_rates.failed is 'Those that ended in failure.';
comment on column ci_report.failure_rates.errors is 'Those that ended in error.';
comment on column ci_report.failure_rates.killed is 'Those that were killed.';
comment on column ci_report.failure_rates.failure_rate is
    'Failures and errors, of all that were not killed: 0 to 1, null where all were killed. Over several rows, divide the sums.';

create view ci_report.flaky_jobs with (security_barrier) as
select
    r.tenant_id,
    t.name as tenant,
    o.repo_id as repository_id,
    r.full_name as repository,
    o.commit,
    o.branch,
    o.event::text as event,
    o.job_number,
    o.environment,
    o.last_build as build_number,
    o.day,
    o.successes,
    o.failures
from public.job_outcomes o
join public.repositories r on r.id = o.repo_id
join public.tenants t on t.id = r.tenant_id
where r.deleted_at is null
    and o.successes > 0
    and o.failures > 0
    and exists (
        select
        from ci_report.report_access a
        where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
    );
comment on view ci_report.flaky_jobs is
    'Jobs that both failed and succeeded on one commit, in restarts or other builds of it, in the last 90 days.';
comment on column ci_report.flaky_jobs.tenant_id is 'Who owns the repository.';
comment on column ci_report.flaky_jobs.tenant is 'Name of the tenant.';
comment on column ci_report.flaky_jobs.repository_id is 'The repository.';
comment on column ci_report.flaky_jobs.repository is 'owner/name of the repository.';
comment on column ci_report.flaky_jobs.commit is 'Object name of the commit.';
comment on column ci_report.flaky_jobs.branch is 'Branch pushed to, or the pull request''s target.';
comment on column ci_report.flaky_jobs.event is 'push, pull_request, tag or deployment.';
comment on column ci_report.flaky_jobs.job_number is 'Number of the job in its build.';
comment on column ci_report.flaky_jobs.environment is 'Its cell of the matrix, in the order written.';
comment on column ci_report.flaky_jobs.build_number is 'Number of the newest of the builds.';
comment on column ci_report.flaky_jobs.day is 'UTC day of the last end.';
comment on column ci_report.flaky_jobs.successes is 'How many attempts succeeded.';
comment on column ci_report.flaky_jobs.failures is 'How many attempts failed.';

create view ci_report.step_durations with (security_barrier) as
select
    r.tenant_id,
    t.name as tenant,
    d.repo_id as repository_id,
    r.full_name as repository,
    d.name as step,
    d.day,
    sum(d.steps)::bigint as runs,
    sum(d.failures)::bigint as failures,
    ci_report.percentile(ci_report.histogram(d.bucket, d.steps), 0.5) as p50,
    ci_report.percentile(ci_report.histogram(d.bucket, d.steps), 0.95) as p95,
    sum(d.total_ms)::bigint * interval '1 millisecond' as total,
    ci_report.histogram(d.bucket, d.steps) as histogram
from public.daily_steps d
join public.repositories r on r.id = d.repo_id
join public.tenants t on t.id = r.tenant_id
where r.deleted_at is null
    and exists (
        select
        from ci_report.report_access a
        where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
    )
group by r.tenant_id, t.name, d.repo_id, r.full_name, d.name, d.day;
comment on view ci_report.step_durations is 'How long steps took, per repository, name and day.';
comment on column ci_report.step_durations.tenant_id is 'Who owns the repository.';
comment on column ci_report.step_durations.tenant is 'Name of the tenant.';
comment on column ci_report.step_durations.repository_id is 'The repository.';
comment on column ci_report.step_durations.repository is 'owner/name of the repository.';
comment on column ci_report.step_durations.step is 'Name of the step in the file.';
comment on column ci_report.step_durations.day is 'UTC day of the attempt''s end.';
comment on column ci_report.step_durations.runs is 'How often it ran, in all jobs.';
comment on column ci_report.step_durations.failures is 'How often it ended in failure or error.';
comment on column ci_report.step_durations.p50 is 'What half of the runs did not exceed, to 4.5 %.';
comment on column ci_report.step_durations.p95 is 'What 95 of 100 did not exceed, to 4.5 %.';
comment on column ci_report.step_durations.total is 'How long it ran together.';
comment on column ci_report.step_durations.histogram is
    'What the percentiles are made of. ci_report.merge adds up those of several rows, for percentiles of longer periods.';

create view ci_report.slowest_steps with (security_barrier) as
select
    s.tenant_id,
    t.name as tenant,
    s.repository_id,
    s.repository,
    s.step,
    s.runs,
    s.failures,
    ci_report.percentile(s.histogram, 0.5) as p50,
    ci_report.percentile(s.histogram, 0.95) as p95,
    s.total,
    s.runs_before,
    ci_report.percentile(s.histogram_before, 0.5) as p50_before,
    (
        extract(epoch from ci_report.percentile(s.histogram, 0.5))
        / nullif(extract(epoch from ci_report.percentile(s.histogram_before, 0.5)), 0) - 1
    )::double precision as change
from (
    select
        r.tenant_id,
        d.repo_id as repository_id,
        r.full_name as repository,
        d.name as step,
        coalesce(sum(d.steps) filter (where d.day > w.today - 7), 0)::bigint as runs,
        coalesce(sum(d.failures) filter (where d.day > w.today - 7), 0)::bigint as failures,
        coalesce(sum(d.total_ms) filter (where d.day > w.today - 7), 0)::bigint * interval '1 millisecond' as total,
        ci_report.histogram(d.bucket, d.steps) filter (where d.day > w.today - 7) as histogram,
        coalesce(sum(d.steps) filter (where d.day <= w.today - 7), 0)::bigint as runs_before,
        ci_report.histogram(d.bucket, d.steps) filter (where d.day <= w.today - 7) as histogram_before
    from (select (now() at time zone 'UTC')::date as today) w
    join public.daily_steps d on d.day > w.today - 14
    join public.repositories r on r.id = d.repo_id
    where r.deleted_at is null
        and exists (
            select
            from ci_report.report_access a
            where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
        )
    group by r.tenant_id, d.repo_id, r.full_name, d.name
) s
join public.tenants t on t.id = s.tenant_id
where s.runs > 0;
comment on view ci_report.slowest_steps is
    'How long steps took in the last seven days in UTC, today among them, and how that compares with the seven days before.';
comment on column ci_report.slowest_steps.tenant_id is 'Who owns the repository.';
comment on column ci_report.slowest_steps.tenant is 'Name of the tenant.';
comment on column ci_report.slowest_steps.repository_id is 'The repository.';
comment on column ci_report.slowest_steps.repository is 'owner/name of the repository.';
comment on column ci_report.slowest_steps.step is 'Name of the step in the file.';
comment on column ci_report.slowest_steps.runs is 'How often it ran, in all jobs.';
comment on column ci_report.slowest_steps.failures is 'How often it ended in failure or error.';
comment on column ci_report.slowest_steps.p50 is 'What half of the runs did not exceed, to 4.5 %.';
comment on column ci_report.slowest_steps.p95 is 'What 95 of 100 did not exceed, to 4.5 %.';
comment on column ci_report.slowest_steps.total is 'How long it ran together: what there is to gain.';
comment on column ci_report.slowest_steps.runs_before is 'How often it ran in the seven days before.';
comment on column ci_report.slowest_steps.p50_before is 'p50 of the seven days before; null where it did not run.';
comment on column ci_report.slowest_steps.change is 'p50 against p50_before: 0.25 is a quarter longer; null where it did not run before.';

create view ci_report.agent_utilisation with (security_barrier) as
select
    d.agent_id,
    g.name as agent,
    k.tenant_id,
    t.name as tenant,
    d.day,
    g.slots,
    d.attempts,
    d.busy_ms * interval '1 millisecond' as busy,
    g.slots * w.present as available,
    (d.busy_ms / 1000.0 / nullif(g.slots * extract(epoch from w.present), 0))::double precision as utilisation
from public.daily_agents d
join public.agents g on g.id = d.agent_id
join public.agent_tokens k on k.id = g.token_id
left join public.tenants t on t.id = k.tenant_id
cross join lateral (
    select
        greatest(
            least(now(), (d.day + 1)::timestamp at time zone 'UTC')
                - greatest(g.created_at, d.day::timestamp at time zone 'UTC'),
            interval '0'
        ) as present
) w
where exists (
    select
    from ci_report.report_access a
    where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = k.tenant_id)
);
comment on view ci_report.agent_utilisation is
    'How much of their time agents were at work, per day. Days without an attempt have no row. Agents for everybody are seen by who sees all tenants.';
comment on column ci_report.agent_utilisation.agent_id is 'The agent.';
comment on column ci_report.agent_utilisation.agent is 'Name of the agent.';
comment on column ci_report.agent_utilisation.tenant_id is 'Whose jobs it runs; null for everybody''s.';
comment on column ci_report.agent_utilisation.tenant is 'Name of the tenant; null for everybody.';
comment on column ci_report.agent_utilisation.day is 'UTC day.';
comment on column ci_report.agent_utilisation.slots is 'Jobs it runs at once, as it says now.';
comment on column ci_report.agent_utilisation.attempts is 'Attempts that ran in the day and have ended.';
comment on column ci_report.agent_utilisation.busy is 'How long they ran in it together.';
comment on column ci_report.agent_utilisation.available is
    'How long they could have run: slots, times the part of the day since it first came and until now.';
comment on column ci_report.agent_utilisation.utilisation is 'busy of available, 0 to 1; above where it had more slots then.';

create view ci_report.storage_by_repository with (security_barrier) as
select
    r.tenant_id,
    t.name as tenant,
    r.id as repository_id,
    r.full_name as repository,
    coalesce(c.last_number, 0) as builds,
    coalesce(s.attempts, 0) as attempts,
    coalesce(s.log_bytes, 0) as log_bytes,
    coalesce(s.stored_bytes, 0) as stored_bytes,
    s.first_day,
    s.last_day
from public.repositories r
join public.tenants t on t.id = r.tenant_id
left join public.build_counters c on c.repo_id = r.id
left join lateral (
    select
        sum(d.attempts)::bigint as attempts,
        sum(d.log_bytes)::bigint as log_bytes,
        sum(d.stored_bytes)::bigint as stored_bytes,
        min(d.day) as first_day,
        max(d.day) as last_day
    from public.daily_storage d
    where d.repo_id = r.id
) s on true
where r.deleted_at is null
    and exists (
        select
        from ci_report.report_access a
        where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
    );
comment on view ci_report.storage_by_repository is 'What the logs of active repositories take.';
comment on column ci_report.storage_by_repository.tenant_id is 'Who owns the repository.';
comment on column ci_report.storage_by_repository.tenant is 'Name of the tenant.';
comment on column ci_report.storage_by_repository.repository_id is 'The repository.';
comment on column ci_report.storage_by_repository.repository is 'owner/name of the repository.';
comment on column ci_report.storage_by_repository.builds is 'Builds ever made.';
comment on column ci_report.storage_by_repository.attempts is 'Attempts that ended and have a log.';
comment on column ci_report.storage_by_repository.log_bytes is 'Bytes of their logs, as text.';
comment on column ci_report.storage_by_repository.stored_bytes is 'Bytes of their logs, compressed, as they were stored at the end.';
comment on column ci_report.storage_by_repository.first_day is 'Day of the oldest of them; null where there is none.';
comment on column ci_report.storage_by_repository.last_day is 'Day of the newest of them; null where there is none.';

create view ci_report.usage_by_month with (security_barrier) as
select
    u.tenant_id,
    t.name as tenant,
    u.month,
    sum(u.builds)::bigint as builds,
    sum(u.job_seconds)::bigint * interval '1 second' as job_time,
    sum(u.log_bytes)::bigint as log_bytes
from (
    select tenant_id, month, builds, job_seconds, log_bytes
    from public.tenant_usage
    union all
    select tenant_id, date_trunc('month', at at time zone 'UTC')::date, builds, job_seconds, log_bytes
    from public.usage_outbox
) u
join public.tenants t on t.id = u.tenant_id
where exists (
    select
    from ci_report.report_access a
    where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = u.tenant_id)
)
group by u.tenant_id, t.name, u.month;
comment on view ci_report.usage_by_month is
    'What tenants used, per month in UTC, at once and not from a roll-up. Deleting a repository does not lower it.';
comment on column ci_report.usage_by_month.tenant_id is 'The tenant.';
comment on column ci_report.usage_by_month.tenant is 'Name of the tenant.';
comment on column ci_report.usage_by_month.month is 'First day of the month.';
comment on column ci_report.usage_by_month.builds is 'Builds made in it.';
comment on column ci_report.usage_by_month.job_time is 'How long attempts ran together that ended in it, each rounded up to seconds.';
comment on column ci_report.usage_by_month.log_bytes is 'Bytes of log of those attempts.';

create view ci_report.mean_time_to_recovery with (security_barrier) as
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
    and exists (
        select
        from ci_report.report_access a
        where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
    )
group by r.tenant_id, t.name, e.repo_id, r.full_name, e.day;
comment on view ci_report.mean_time_to_recovery is
    'How long default branches stayed broken, per repository and day of recovery: from the end of the first push build that failed to the end of the next that succeeded.';
comment on column ci_report.mean_time_to_recovery.tenant_id is 'Who owns the repository.';
comment on column ci_report.mean_time_to_recovery.tenant is 'Name of the tenant.';
comment on column ci_report.mean_time_to_recovery.repository_id is 'The repository.';
comment on column ci_report.mean_time_to_recovery.repository is 'owner/name of the repository.';
comment on column ci_report.mean_time_to_recovery.day is 'UTC day of the recovery.';
comment on column ci_report.mean_time_to_recovery.recoveries is 'How many there were.';
comment on column ci_report.mean_time_to_recovery.total is 'How long the branch was broken before them, together.';
comment on column ci_report.mean_time_to_recovery.mean_time_to_recovery is
    'total by recoveries. Over several rows, divide the sums.';

create view ci_report.lead_time with (security_barrier) as
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
    and exists (
        select
        from ci_report.report_access a
        where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
    );
comment on view ci_report.lead_time is
    'From commit to first success on the default branch: a row for each commit that a push build of it succeeded for.';
comment on column ci_report.lead_time.tenant_id is 'Who owns the repository.';
comment on column ci_report.lead_time.tenant is 'Name of the tenant.';
comment on column ci_report.lead_time.repository_id is 'The repository.';
comment on column ci_report.lead_time.repository is 'owner/name of the repository.';
comment on column ci_report.lead_time.commit is 'Object name of the commit.';
comment on column ci_report.lead_time.build_number is 'Number of the build that succeeded.';
comment on column ci_report.lead_time.committed_at is 'Time of the commit.';
comment on column ci_report.lead_time.succeeded_at is 'End of the first build of it that succeeded.';
comment on column ci_report.lead_time.day is 'UTC day of succeeded_at: what to ask for a period by.';
comment on column ci_report.lead_time.lead_time is 'From committed_at to succeeded_at; 0 where the commit''s clock was ahead.';

-- Who may read ---------------------------------------------------------------------------------------------------

grant select on
    ci_report.job_attempts, ci_report.steps, ci_report.agents, ci_report.webhook_deliveries, ci_report.build_durations,
    ci_report.queue_wait, ci_report.failure_rates, ci_report.flaky_jobs, ci_report.step_durations,
    ci_report.slowest_steps, ci_report.agent_utilisation, ci_report.storage_by_repository, ci_report.usage_by_month,
    ci_report.mean_time_to_recovery, ci_report.lead_time to skep_reader;

-- For `skep report` with a server's own login: it takes the role for a transaction.
grant usage on schema ci_report to skep_server;
grant select on
    ci_report.tenants, ci_report.repositories, ci_report.builds, ci_report.jobs, ci_report.audit, ci_report.job_attempts,
    ci_report.steps, ci_report.agents, ci_report.webhook_deliveries, ci_report.build_durations, ci_report.queue_wait,
    ci_report.failure_rates, ci_report.flaky_jobs, ci_report.step_durations, ci_report.slowest_steps,
    ci_report.agent_utilisation, ci_report.storage_by_repository, ci_report.usage_by_month,
    ci_report.mean_time_to_recovery, ci_report.lead_time to skep_server;
insert into ci_report.report_access (role_name, tenant_id) values ('skep_server', null);

create function ci_report.grant_reader(
    login text, tenant bigint, password text default null, read_only boolean default false,
    statement_seconds integer default 60, connections integer default 10
) returns boolean
    language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
declare
    known pg_catalog.pg_roles := (select r from pg_roles r where r.rolname = login);
    is_new boolean := known.rolname is null;
begin
    -- A longer name would be cut off for the role and not in report_access.
    if octet_length(login) not between 1 and 63 then
        raise exception 'a login has 1 to 63 bytes' using errcode = 'invalid_name';
    end if;
    if is_new then
        execute format('create role %I login in role skep_reader', login);
        if password is not null then
            execute format('alter role %I password %L', login, password);
        end if;
    elsif known.rolsuper or pg_has_role(login, 'skep_server', 'usage')
        or known.oid = (select relowner from pg_class where oid = 'public.builds'::regclass) then
        raise exception '% is a role that Skep or its database is run with', login using errcode = 'wrong_object_type';
    else
        execute format('grant skep_reader to %I', login);
    end if;
    execute format('alter role %I connection limit %s', login, connections);
    execute format(
        'alter role %I in database %I set statement_timeout = %L', login, current_database(), statement_seconds || 's');
    execute format(
        'alter role %I in database %I set idle_in_transaction_session_timeout = %L', login, current_database(),
        statement_seconds || 's');
    if read_only then
        execute format('alter role %I in database %I set default_transaction_read_only = on', login, current_database());
    else
        execute format('alter role %I in database %I reset default_transaction_read_only', login, current_database());
    end if;
    insert into ci_report.report_access (role_name, tenant_id) values (login, tenant) on conflict do nothing;
    return is_new;
end
$$;
comment on function ci_report.grant_reader(text, bigint, text, boolean, integer, integer) is
    'Lets a login, which is made where it is missing and gets the password then, read ci_report for a tenant, or for all with null. Answers whether it was made. For the owner of the schema with the right to make roles.';

create function ci_report.revoke_reader(login text, tenant bigint) returns boolean
    language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
begin
    delete from ci_report.report_access a where a.role_name = login and a.tenant_id is not distinct from tenant;
    if not found then
        raise exception '% has no such right', login using errcode = 'no_data_found';
    end if;
    if exists (select from ci_report.report_access a where a.role_name = login) then
        return false;
    end if;
    if exists (select from pg_roles r where r.rolname = login) then
        execute format('revoke skep_reader from %I', login);
        execute format('alter role %I in database %I reset all', login, current_database());
    end if;
    return true;
end
$$;
comment on function ci_report.revoke_reader(text, bigint) is
    'Takes back what grant_reader gave, at once for sessions that are open too. Answers whether the login reads nothing of ci_report any more.';

revoke all on function ci_report.grant_reader(text, bigint, text, boolean, integer, integer) from public;
revoke all on function ci_report.revoke_reader(text, bigint) from public;
