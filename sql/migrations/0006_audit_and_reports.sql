-- What readers of reports see of their tenants, and indexes to re-seal secrets by.

-- Secrets by the key that sealed them ----------------------------------------------------------------------------

drop index repositories_by_hook_secret_key;
create index repositories_by_hook_secret_key on repositories (hook_secret_key, id);
drop index key_pairs_by_key;
create index key_pairs_by_key on key_pairs (private_key_key, id);
drop index secrets_by_key;
create index secrets_by_key on secrets (value_key, id);

-- Audit of a tenant ----------------------------------------------------------------------------------------------

-- By an order that audit_by_id does not give: otherwise the planner may walk that one, and over all others' entries where a
-- tenant has few.
drop index audit_of_a_tenant;
create index audit_of_a_tenant on audit (tenant_id, (id + 0) desc);

-- Reports --------------------------------------------------------------------------------------------------------

create schema ci_report;
comment on schema ci_report is
    'Build history for reports. The views are a stable interface: columns are added, and none is renamed or removed.';

create table ci_report.report_access (
    role_name text not null,
    tenant_id bigint references public.tenants on delete cascade,
    constraint report_access_is_granted_once unique nulls not distinct (role_name, tenant_id)
);
create index report_access_of_a_tenant on ci_report.report_access (tenant_id) where tenant_id is not null;
comment on table ci_report.report_access is
    'Which database role sees which tenant in the views of ci_report. A role that is not here sees no row.';
comment on column ci_report.report_access.role_name is 'The role that a reader is logged in as.';
comment on column ci_report.report_access.tenant_id is 'The tenant; null for all tenants, and what is of none.';

create view ci_report.tenants with (security_barrier) as
select
    t.id,
    f.name as forge,
    t.name,
    t.display_name,
    t.created_at,
    t.max_repositories,
    t.max_timeout_minutes
from public.tenants t
join public.forges f on f.id = t.forge_id
where exists (
    select
    from ci_report.report_access a
    where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = t.id)
);
comment on view ci_report.tenants is 'Owners of repositories.';
comment on column ci_report.tenants.id is 'What tenant_id of the other views points to.';
comment on column ci_report.tenants.forge is 'Name of the forge it is an owner on.';
comment on column ci_report.tenants.name is 'The top part of its repositories'' owner.';
comment on column ci_report.tenants.display_name is 'What people call it.';
comment on column ci_report.tenants.created_at is 'When the first repository or member came.';
comment on column ci_report.tenants.max_repositories is 'How many repositories may be active; null for no limit.';
comment on column ci_report.tenants.max_timeout_minutes is 'How long its jobs may run; null for no limit.';

create view ci_report.repositories with (security_barrier) as
select
    r.id,
    r.tenant_id,
    t.name as tenant,
    f.name as forge,
    r.owner,
    r.name,
    r.owner || '/' || r.name as full_name,
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
comment on view ci_report.repositories is 'Active repositories.';
comment on column ci_report.repositories.id is 'What repository_id of the other views points to.';
comment on column ci_report.repositories.tenant_id is 'Who owns it.';
comment on column ci_report.repositories.tenant is 'Name of the tenant.';
comment on column ci_report.repositories.forge is 'Name of the forge that hosts it.';
comment on column ci_report.repositories.owner is 'First part of its path; with subgroups the full path of the group.';
comment on column ci_report.repositories.name is 'Last part of its path.';
comment on column ci_report.repositories.full_name is 'owner/name.';
comment on column ci_report.repositories.default_branch is 'The branch the forge shows first.';
comment on column ci_report.repositories.private is 'False: everybody may read it.';
comment on column ci_report.repositories.trusted is 'Its jobs may ask for more of the agent than others.';
comment on column ci_report.repositories.timeout_minutes is 'How long a job may run, from its start.';
comment on column ci_report.repositories.allow_pr is 'Pull requests make builds.';
comment on column ci_report.repositories.allow_push is 'Pushes to branches make builds.';
comment on column ci_report.repositories.allow_deploys is 'Deployments make builds.';
comment on column ci_report.repositories.allow_tags is 'Tags make builds.';
comment on column ci_report.repositories.activated_by is 'Login of who activated it.';
comment on column ci_report.repositories.created_at is 'When it was activated.';

create view ci_report.builds with (security_barrier) as
select
    b.id,
    b.repo_id as repository_id,
    r.tenant_id,
    t.name as tenant,
    r.owner || '/' || r.name as repository,
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
join public.tenants t on t.id = r.tenant_id
where r.deleted_at is null
    and exists (
        select
        from ci_report.report_access a
        where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
    );
comment on view ci_report.builds is 'Builds of active repositories.';
comment on column ci_report.builds.id is 'What build_id of the other views points to.';
comment on column ci_report.builds.repository_id is 'The repository.';
comment on column ci_report.builds.tenant_id is 'Who owns the repository.';
comment on column ci_report.builds.tenant is 'Name of the tenant.';
comment on column ci_report.builds.repository is 'owner/name of the repository.';
comment on column ci_report.builds.number is 'Counts 1, 2, 3 … in the repository, without a gap.';
comment on column ci_report.builds.parent is 'Number of the build this one is a copy of; null for an original.';
comment on column ci_report.builds.event is 'push, pull_request, tag or deployment.';
comment on column ci_report.builds.status is 'pending, running, success, failure, killed or error.';
comment on column ci_report.builds.branch is 'Branch pushed to, or the pull request''s target.';
comment on column ci_report.builds.ref is 'Full name of the ref.';
comment on column ci_report.builds.commit is 'Object name of the commit.';
comment on column ci_report.builds.author is 'Login or name of the commit''s author.';
comment on column ci_report.builds.title is 'Title of the pull request, else empty.';
comment on column ci_report.builds.message is 'Message of the commit.';
comment on column ci_report.builds.deploy_to is 'Environment of a deployment, else empty.';
comment on column ci_report.builds.error is 'Why no job could run, else empty.';
comment on column ci_report.builds.from_fork is 'A pull request whose commits come from another repository.';
comment on column ci_report.builds.committed_at is 'Time of the commit.';
comment on column ci_report.builds.created_at is 'When it was made.';
comment on column ci_report.builds.enqueued_at is 'When its jobs were last put on the queue.';
comment on column ci_report.builds.started_at is 'First start of a job of the latest run; null before.';
comment on column ci_report.builds.finished_at is 'Last end of a job of the latest run; null before.';
comment on column ci_report.builds.waited is 'From enqueued_at to started_at.';
comment on column ci_report.builds.duration is 'From started_at to finished_at.';

create view ci_report.jobs with (security_barrier) as
select
    j.id,
    j.build_id,
    b.repo_id as repository_id,
    r.tenant_id,
    t.name as tenant,
    r.owner || '/' || r.name as repository,
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
    j.finished_at - j.started_at as duration
from public.jobs j
join public.builds b on b.id = j.build_id
join public.repositories r on r.id = b.repo_id
join public.tenants t on t.id = r.tenant_id
join public.label_classes c on c.id = j.class_id
where r.deleted_at is null
    and exists (
        select
        from ci_report.report_access a
        where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = r.tenant_id)
    );
comment on view ci_report.jobs is 'Jobs of builds: the cells of their matrices.';
comment on column ci_report.jobs.id is 'Number of the job, unique everywhere.';
comment on column ci_report.jobs.build_id is 'The build.';
comment on column ci_report.jobs.repository_id is 'The repository.';
comment on column ci_report.jobs.tenant_id is 'Who owns the repository.';
comment on column ci_report.jobs.tenant is 'Name of the tenant.';
comment on column ci_report.jobs.repository is 'owner/name of the repository.';
comment on column ci_report.jobs.build_number is 'Number of the build in the repository.';
comment on column ci_report.jobs.number is 'Counts 1, 2, 3 … in the build.';
comment on column ci_report.jobs.status is 'Of the latest attempt: pending, running, success, failure, killed or error.';
comment on column ci_report.jobs.environment is 'Its cell of the matrix, in the order written.';
comment on column ci_report.jobs.labels is 'What an agent must have to run it.';
comment on column ci_report.jobs.attempt is 'Number of the latest attempt; 0 before the first.';
comment on column ci_report.jobs.exit_code is 'Exit code of the latest attempt.';
comment on column ci_report.jobs.error is 'Why it ended in error or was killed, else empty.';
comment on column ci_report.jobs.enqueued_at is 'When it was last put on the queue.';
comment on column ci_report.jobs.started_at is 'When the latest attempt started; null before.';
comment on column ci_report.jobs.finished_at is 'When the latest attempt ended; null before.';
comment on column ci_report.jobs.waited is 'From enqueued_at to started_at.';
comment on column ci_report.jobs.duration is 'From started_at to finished_at.';

create view ci_report.audit with (security_barrier) as
select
    u.id,
    u.at,
    u.tenant_id,
    t.name as tenant,
    u.actor_kind::text as actor_kind,
    u.actor,
    u.actor_id,
    u.token_id,
    u.address,
    u.action,
    u.object,
    u.before,
    u.after,
    u.request_id
from public.audit u
left join public.tenants t on t.id = u.tenant_id
where exists (
    select
    from ci_report.report_access a
    where a.role_name = current_user and (a.tenant_id is null or a.tenant_id = u.tenant_id)
);
comment on view ci_report.audit is 'Who changed what.';
comment on column ci_report.audit.id is 'Number of the entry.';
comment on column ci_report.audit.at is 'When.';
comment on column ci_report.audit.tenant_id is 'Whose change it was; null for the server''s own.';
comment on column ci_report.audit.tenant is 'Name of the tenant; null for the server''s own, and where the tenant is gone.';
comment on column ci_report.audit.actor_kind is 'user; operator for the command line; forge; agent; system for Skep itself.';
comment on column ci_report.audit.actor is 'Login, operating system''s user, forge''s or agent''s name.';
comment on column ci_report.audit.actor_id is 'Id of the user, where it is one.';
comment on column ci_report.audit.token_id is 'Id of the token that was used.';
comment on column ci_report.audit.address is 'Where the request came from.';
comment on column ci_report.audit.action is 'What was done, such as repo.update.';
comment on column ci_report.audit.object is 'To what, such as octocat/hello-world.';
comment on column ci_report.audit.before is 'What it was, without secrets; null for what is new.';
comment on column ci_report.audit.after is 'What it is, without secrets; null for what is gone.';
comment on column ci_report.audit.request_id is 'The request''s X-Request-Id.';

grant usage on schema ci_report to skep_reader;
grant select on ci_report.tenants, ci_report.repositories, ci_report.builds, ci_report.jobs, ci_report.audit to skep_reader;
