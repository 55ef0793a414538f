-- The first schema: who may do what, repositories, builds and their logs, the queue, and what forges deliver.

do $$
begin
    if not exists (select from pg_roles where rolname = 'skep_server') then
        create role skep_server nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'skep_reader') then
        create role skep_reader nologin;
    end if;
exception
    -- Another database of the cluster was migrated at the same moment.
    when duplicate_object or unique_violation then null;
end
$$;

create type forge_kind as enum ('git', 'github', 'gitea', 'gitlab');
create type permission_level as enum ('none', 'read', 'write', 'admin');
create type build_event as enum ('push', 'pull_request', 'tag', 'deployment');
create type run_status as enum ('pending', 'running', 'success', 'failure', 'killed', 'error', 'skipped');
create type delivery_outcome as enum ('waiting', 'built', 'ignored', 'failed');

-- People and tenants ---------------------------------------------------------------------------------------------

create table forges (
    id bigint generated always as identity primary key,
    name text not null,
    kind forge_kind not null,
    url text not null default '',
    is_default boolean not null default false,
    created_at timestamptz not null default now(),
    constraint forge_names_are_unique unique (name),
    constraint forge_names_fit_urls check (name ~ '^[a-z0-9][a-z0-9-]{0,39}$')
);
create unique index one_forge_is_the_default on forges (is_default) where is_default;
comment on table forges is 'Places that host repositories. Repositories of the default forge are named without it.';
comment on column forges.id is 'Primary key.';
comment on column forges.name is 'Name in configuration and in repository paths of other forges than the default one.';
comment on column forges.kind is 'Which protocol it speaks; git is a folder of bare repositories.';
comment on column forges.url is 'Its base address, or the folder of bare repositories.';
comment on column forges.is_default is 'True for the one forge whose repositories are /{owner}/{name}.';
comment on column forges.created_at is 'When Skep first met it.';

create table tenants (
    id bigint generated always as identity primary key,
    forge_id bigint not null references forges,
    forge_owner_id text not null,
    name text not null,
    display_name text not null default '',
    created_at timestamptz not null default now(),
    constraint tenants_are_unique_on_their_forge unique (forge_id, forge_owner_id),
    constraint tenant_names_are_unique_on_their_forge unique (forge_id, name)
);
comment on table tenants is 'Owners of repositories: the unit of isolation.';
comment on column tenants.id is 'Primary key.';
comment on column tenants.forge_id is 'The forge it is an owner on.';
comment on column tenants.forge_owner_id is 'The forge''s own id of it; for plain git its name.';
comment on column tenants.name is 'The top part of its repositories'' owner.';
comment on column tenants.display_name is 'What people call it.';
comment on column tenants.created_at is 'When the first repository or member came.';

create table users (
    id bigint generated always as identity primary key,
    forge_id bigint references forges,
    forge_user_id text,
    login text not null,
    email text not null default '',
    avatar_url text not null default '',
    admin boolean not null default false,
    active boolean not null default true,
    created_at timestamptz not null default now(),
    constraint users_are_unique_on_their_forge unique (forge_id, forge_user_id),
    constraint forge_users_have_both_ids check ((forge_id is null) = (forge_user_id is null)),
    constraint logins_are_1_to_100_characters check (length(login) between 1 and 100)
);
create unique index logins_are_unique_ignoring_case on users (lower(login));
create index active_users_by_login on users (lower(login)) where active;
create index administrators on users (id) where admin and active;
comment on table users is 'People and service accounts. A deleted user leaves no row; history keeps the login as text.';
comment on column users.id is 'Primary key.';
comment on column users.forge_id is 'The forge the user signs in with; null for a local user.';
comment on column users.forge_user_id is 'The forge''s own id of the user.';
comment on column users.login is 'Unique ignoring case.';
comment on column users.email is 'Empty when not known.';
comment on column users.avatar_url is 'A picture; Gravatar''s for the e-mail unless the forge has one.';
comment on column users.admin is 'Administrator of the whole server.';
comment on column users.active is 'False: the user''s tokens are refused.';
comment on column users.created_at is 'When the account was made.';

create table access_tokens (
    id bigint generated always as identity primary key,
    user_id bigint not null references users on delete cascade,
    name text not null default '',
    hash bytea not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    constraint token_hashes_are_unique unique (hash),
    constraint token_hashes_are_sha256 check (length(hash) = 32),
    constraint token_names_are_short check (length(name) <= 100)
);
create index access_tokens_of_a_user on access_tokens (user_id, id);
comment on table access_tokens is 'Tokens of the REST API. Only their hashes are kept.';
comment on column access_tokens.id is 'Primary key; names the token in lists.';
comment on column access_tokens.user_id is 'Whose rights the token carries.';
comment on column access_tokens.name is 'What its user calls it.';
comment on column access_tokens.hash is 'SHA-256 of the token''s text.';
comment on column access_tokens.created_at is 'When it was made.';
comment on column access_tokens.expires_at is 'From when on it is refused; null for never.';
comment on column access_tokens.last_used_at is 'When it was last used, to the minute.';

create table memberships (
    tenant_id bigint not null references tenants on delete cascade,
    user_id bigint not null references users on delete cascade,
    role permission_level not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, user_id),
    constraint members_have_a_role check (role <> 'none')
);
create index memberships_of_a_user on memberships (user_id, tenant_id);
comment on table memberships is 'Who belongs to a tenant; for plain git the role is the permission on all its repositories.';
comment on column memberships.tenant_id is 'The tenant.';
comment on column memberships.user_id is 'The member.';
comment on column memberships.role is 'read, write or admin.';
comment on column memberships.created_at is 'Since when.';

-- Repositories ---------------------------------------------------------------------------------------------------

create table repositories (
    id bigint generated by default as identity primary key,
    tenant_id bigint not null references tenants,
    forge_id bigint not null references forges,
    forge_repo_id text not null,
    owner text not null,
    name text not null,
    avatar_url text not null default '',
    link_url text not null default '',
    clone_url text not null,
    default_branch text not null,
    timeout_minutes integer not null default 60,
    private boolean not null default true,
    trusted boolean not null default false,
    allow_pr boolean not null default true,
    allow_push boolean not null default true,
    allow_deploys boolean not null default false,
    allow_tags boolean not null default false,
    hook_secret bytea not null,
    hook_secret_key text not null,
    activated_by text not null default '',
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint timeouts_are_1_to_1440_minutes check (timeout_minutes between 1 and 1440)
) with (fillfactor = 90);
create unique index repository_names_are_unique_while_active on repositories (forge_id, owner, name) where deleted_at is null;
create unique index forge_repositories_are_active_once on repositories (forge_id, forge_repo_id) where deleted_at is null;
create index repositories_of_a_tenant on repositories (tenant_id, owner, name) where deleted_at is null;
create index repositories_to_erase on repositories (deleted_at) where deleted_at is not null;
comment on table repositories is 'Repositories that Skep builds. A deleted one is invisible at once and erased in the background.';
comment on column repositories.id is 'Primary key, drawn before the row is written because sealed values are bound to it.';
comment on column repositories.tenant_id is 'Who owns it.';
comment on column repositories.forge_id is 'Where it is hosted.';
comment on column repositories.forge_repo_id is 'The forge''s own id of it.';
comment on column repositories.owner is 'First part of its path; with subgroups the full path of the group.';
comment on column repositories.name is 'Last part of its path.';
comment on column repositories.avatar_url is 'A picture of its owner.';
comment on column repositories.link_url is 'Its page on the forge.';
comment on column repositories.clone_url is 'Where agents clone it from.';
comment on column repositories.default_branch is 'The branch the forge shows first.';
comment on column repositories.timeout_minutes is 'How long a job may run, from its start.';
comment on column repositories.private is 'False: everybody may read it.';
comment on column repositories.trusted is 'Its jobs may ask for more of the agent than others.';
comment on column repositories.allow_pr is 'Pull requests make builds.';
comment on column repositories.allow_push is 'Pushes to branches make builds.';
comment on column repositories.allow_deploys is 'Deployments make builds.';
comment on column repositories.allow_tags is 'Tags make builds.';
comment on column repositories.hook_secret is 'Sealed secret that its deliveries are signed with.';
comment on column repositories.hook_secret_key is 'Id of the key that sealed hook_secret.';
comment on column repositories.activated_by is 'Login of who activated it.';
comment on column repositories.created_at is 'When it was activated.';
comment on column repositories.deleted_at is 'When it was deleted; its rows are erased soon after.';

create table repo_permissions (
    repo_id bigint not null references repositories on delete cascade,
    user_id bigint not null references users on delete cascade,
    level permission_level not null,
    source text not null default 'forge',
    synced_at timestamptz not null default now(),
    primary key (repo_id, user_id)
);
create index repo_permissions_of_a_user on repo_permissions (user_id, repo_id);
comment on table repo_permissions is 'Permissions that a forge told us of, per repository and user.';
comment on column repo_permissions.repo_id is 'The repository.';
comment on column repo_permissions.user_id is 'The user.';
comment on column repo_permissions.level is 'What the user may do.';
comment on column repo_permissions.source is 'Who said so.';
comment on column repo_permissions.synced_at is 'When it was last confirmed.';

create table key_pairs (
    id bigint generated by default as identity primary key,
    repo_id bigint not null references repositories on delete cascade,
    kid text not null,
    public_key text not null,
    private_key bytea not null,
    private_key_key text not null,
    created_at timestamptz not null default now(),
    constraint key_ids_are_unique_in_a_repository unique (repo_id, kid)
);
create index key_pairs_of_a_repository on key_pairs (repo_id, id desc);
comment on table key_pairs is 'RSA key pairs that secrets are encrypted for. The newest is used; older ones open older commits.';
comment on column key_pairs.id is 'Primary key, drawn before the row is written because the private half is bound to it.';
comment on column key_pairs.repo_id is 'Whose pair it is.';
comment on column key_pairs.kid is 'RFC 7638 thumbprint of the public key.';
comment on column key_pairs.public_key is 'The public half as an SSH key (RFC 4253).';
comment on column key_pairs.private_key is 'The private half, sealed.';
comment on column key_pairs.private_key_key is 'Id of the key that sealed it.';
comment on column key_pairs.created_at is 'When it was made.';

create table sealing_keys (
    id text primary key,
    check_value bytea not null,
    created_at timestamptz not null default now()
);
comment on table sealing_keys is 'Keys this database was ever sealed with: a key of the same id with another check value is the wrong one.';
comment on column sealing_keys.id is 'Id of the key in the key ring.';
comment on column sealing_keys.check_value is 'A value only the right key gives.';
comment on column sealing_keys.created_at is 'When it was first used.';

create table repository_refs (
    repo_id bigint not null references repositories on delete cascade,
    ref text not null,
    commit text not null,
    seen_at timestamptz not null default now(),
    primary key (repo_id, ref)
);
comment on table repository_refs is 'Where the refs of plain-git repositories stood when Skep last heard of them.';
comment on column repository_refs.repo_id is 'The repository.';
comment on column repository_refs.ref is 'Full name of the ref.';
comment on column repository_refs.commit is 'Object name it pointed to.';
comment on column repository_refs.seen_at is 'When Skep learned that.';

-- Deliveries -----------------------------------------------------------------------------------------------------

create table deliveries (
    day date not null default (now() at time zone 'UTC')::date,
    id bigint generated always as identity,
    repo_id bigint not null,
    key text not null,
    event text not null,
    headers json not null default '{}',
    body bytea not null,
    received_at timestamptz not null default now(),
    outcome delivery_outcome not null default 'waiting',
    reason text not null default '',
    builds bigint[] not null default '{}',
    tries integer not null default 0,
    finished_at timestamptz,
    primary key (day, id),
    constraint finished_deliveries_have_an_end check ((outcome = 'waiting') = (finished_at is null)),
    constraint ignored_deliveries_have_a_reason check (outcome not in ('ignored', 'failed') or reason <> '')
) partition by range (day);
create table deliveries_default partition of deliveries default;
create index deliveries_of_a_repository on deliveries (repo_id, id desc);
create index waiting_deliveries on deliveries (repo_id, id) where outcome = 'waiting';
comment on table deliveries is 'What forges told us, and what became of it: builds, or the reason for none.';
comment on column deliveries.day is 'UTC day of receipt; the partition.';
comment on column deliveries.id is 'Number of the delivery.';
comment on column deliveries.repo_id is 'The repository it is about.';
comment on column deliveries.key is 'The forge''s id of the delivery: a repeated one is the same delivery.';
comment on column deliveries.event is 'The forge''s name of the event.';
comment on column deliveries.headers is 'Headers that tell how to read the body; none that hold a secret.';
comment on column deliveries.body is 'The body exactly as it came.';
comment on column deliveries.received_at is 'When it was stored.';
comment on column deliveries.outcome is 'waiting, built, ignored or failed.';
comment on column deliveries.reason is 'Why there is no build, in words.';
comment on column deliveries.builds is 'Numbers of the builds it made.';
comment on column deliveries.tries is 'How often handling it was tried.';
comment on column deliveries.finished_at is 'When its outcome was settled.';

create table delivery_keys (
    repo_id bigint not null references repositories on delete cascade,
    key text not null,
    delivery_id bigint not null,
    day date not null,
    primary key (repo_id, key)
);
create index delivery_keys_by_day on delivery_keys (day);
comment on table delivery_keys is 'Ids of deliveries of the last 90 days: the partitions of deliveries cannot hold a unique key of their own.';
comment on column delivery_keys.repo_id is 'The repository.';
comment on column delivery_keys.key is 'The forge''s id of the delivery.';
comment on column delivery_keys.delivery_id is 'The first delivery that came with it.';
comment on column delivery_keys.day is 'Its day.';

create table intake (
    repo_id bigint primary key references repositories on delete cascade,
    wanted bigint not null default 1,
    due_at timestamptz not null default clock_timestamp(),
    leased_until timestamptz not null default '-infinity',
    lease bigint not null default 0,
    tries integer not null default 0
) with (fillfactor = 50);
create index intake_by_time on intake (due_at);
comment on table intake is 'One row for each repository with deliveries to handle, in order.';
comment on column intake.repo_id is 'The repository.';
comment on column intake.wanted is 'Grows with each delivery, so that a worker sees those that came meanwhile.';
comment on column intake.due_at is 'Not to be tried before.';
comment on column intake.leased_until is 'A worker has it until then.';
comment on column intake.lease is 'Grows with each lease: fences a worker that lost it.';
comment on column intake.tries is 'Failures in a row.';

-- Builds ---------------------------------------------------------------------------------------------------------

create table build_counters (
    repo_id bigint primary key references repositories on delete cascade,
    last_number bigint not null default 0
) with (fillfactor = 50);
comment on table build_counters is 'The last build number of each repository.';
comment on column build_counters.repo_id is 'The repository.';
comment on column build_counters.last_number is 'Counted up in the transaction that inserts the build, so that numbers have no gap.';

create table build_configs (
    id bigint generated always as identity primary key,
    repo_id bigint not null references repositories on delete cascade,
    hash bytea not null,
    content bytea not null,
    created_at timestamptz not null default now(),
    constraint build_configs_are_stored_once unique (repo_id, hash)
);
comment on table build_configs is 'Texts of .drone.yml that builds ran, each stored once.';
comment on column build_configs.id is 'Primary key.';
comment on column build_configs.repo_id is 'The repository.';
comment on column build_configs.hash is 'SHA-256 of the content.';
comment on column build_configs.content is 'The file, byte for byte.';
comment on column build_configs.created_at is 'When it was first seen.';

create table builds (
    id bigint generated always as identity primary key,
    repo_id bigint not null references repositories on delete cascade,
    number bigint not null,
    parent bigint,
    event build_event not null,
    status run_status not null default 'pending',
    error text not null default '',
    created_at timestamptz not null default now(),
    enqueued_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    deploy_to text not null default '',
    commit text not null,
    branch text not null,
    ref text not null,
    refspec text not null default '',
    remote text not null default '',
    title text not null default '',
    message text not null default '',
    committed_at timestamptz not null,
    author text not null default '',
    author_avatar text not null default '',
    author_email text not null default '',
    link_url text not null default '',
    config_id bigint references build_configs,
    delivery_id bigint,
    constraint build_numbers_are_unique_in_a_repository unique (repo_id, number),
    constraint build_numbers_are_positive check (number > 0),
    constraint builds_are_not_skipped check (status <> 'skipped'),
    constraint finished_builds_have_an_end
        check ((status in ('success', 'failure', 'killed', 'error')) = (finished_at is not null))
) with (fillfactor = 85);
create index builds_of_a_branch on builds (repo_id, branch, number desc) where event = 'push';
create index builds_with_a_config on builds (config_id);
comment on table builds is 'Every build ever run.';
comment on column builds.id is 'Primary key.';
comment on column builds.repo_id is 'The repository.';
comment on column builds.number is 'Counts 1, 2, 3 … in the repository, without a gap.';
comment on column builds.parent is 'Number of the build this one is a copy of.';
comment on column builds.event is 'What it answers.';
comment on column builds.status is 'pending until a job starts, running while one is unfinished, then error, killed, failure or success.';
comment on column builds.error is 'Why no job could run, else empty.';
comment on column builds.created_at is 'When it was made.';
comment on column builds.enqueued_at is 'When its jobs were last put on the queue.';
comment on column builds.started_at is 'First start of a job of the latest run.';
comment on column builds.finished_at is 'Last end of a job of the latest run.';
comment on column builds.deploy_to is 'Environment of a deployment.';
comment on column builds.commit is 'Object name of the commit.';
comment on column builds.branch is 'Branch pushed to, or the pull request''s target.';
comment on column builds.ref is 'Full name of the ref.';
comment on column builds.refspec is 'source:target of a pull request.';
comment on column builds.remote is 'Where to fetch the ref from.';
comment on column builds.title is 'Title of the pull request.';
comment on column builds.message is 'Message of the commit.';
comment on column builds.committed_at is 'Time of the commit.';
comment on column builds.author is 'Login or name of the author.';
comment on column builds.author_avatar is 'Picture of the author.';
comment on column builds.author_email is 'E-mail of the author.';
comment on column builds.link_url is 'The change''s page on the forge.';
comment on column builds.config_id is 'The .drone.yml it ran; null where there was none to run.';
comment on column builds.delivery_id is 'The delivery that made it.';

create table label_classes (
    id bigint generated always as identity primary key,
    labels jsonb not null,
    constraint label_classes_are_unique unique (labels),
    constraint labels_are_an_object check (jsonb_typeof(labels) = 'object')
);
comment on table label_classes is 'Sets of labels that jobs ask for, each stored once: a claim looks only at classes it can run.';
comment on column label_classes.id is 'Primary key.';
comment on column label_classes.labels is 'What an agent must have.';

create table jobs (
    id bigint generated always as identity primary key,
    build_id bigint not null references builds on delete cascade,
    number integer not null,
    status run_status not null default 'pending',
    environment json not null default '{}',
    class_id bigint not null references label_classes,
    attempt integer not null default 0,
    enqueued_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    exit_code integer not null default 0,
    error text not null default '',
    cancel_requested boolean not null default false,
    constraint job_numbers_are_unique_in_a_build unique (build_id, number),
    constraint job_numbers_are_positive check (number > 0),
    constraint jobs_are_not_skipped check (status <> 'skipped'),
    constraint finished_jobs_have_an_end
        check ((status in ('success', 'failure', 'killed', 'error')) = (finished_at is not null))
) with (fillfactor = 85);
comment on table jobs is 'The cells of a build''s matrix.';
comment on column jobs.id is 'Primary key; also names the job on the queue.';
comment on column jobs.build_id is 'The build.';
comment on column jobs.number is 'Counts 1, 2, 3 … in the build.';
comment on column jobs.status is 'Where its latest attempt stands.';
comment on column jobs.environment is 'Its cell of the matrix, in the order written.';
comment on column jobs.class_id is 'What an agent must have to run it.';
comment on column jobs.attempt is 'Number of the latest attempt; 0 before the first.';
comment on column jobs.enqueued_at is 'When it was last put on the queue.';
comment on column jobs.started_at is 'When the latest attempt started.';
comment on column jobs.finished_at is 'When the latest attempt ended.';
comment on column jobs.exit_code is 'Exit code of the latest attempt.';
comment on column jobs.error is 'Why it ended in error or was killed, else empty.';
comment on column jobs.cancel_requested is 'Somebody asked to stop it.';

create table agent_tokens (
    id bigint generated always as identity primary key,
    tenant_id bigint references tenants on delete cascade,
    name text not null,
    hash bytea not null,
    created_at timestamptz not null default now(),
    constraint agent_token_hashes_are_unique unique (hash),
    constraint agent_token_hashes_are_sha256 check (length(hash) = 32)
);
create index agent_tokens_of_a_tenant on agent_tokens (tenant_id) where tenant_id is not null;
comment on table agent_tokens is 'Tokens that agents identify themselves with. Only their hashes are kept.';
comment on column agent_tokens.id is 'Primary key.';
comment on column agent_tokens.tenant_id is 'Its agents see only this tenant''s jobs; null: all.';
comment on column agent_tokens.name is 'What people call it.';
comment on column agent_tokens.hash is 'SHA-256 of the token''s text.';
comment on column agent_tokens.created_at is 'When it was made.';

create table agents (
    id bigint generated always as identity primary key,
    token_id bigint not null references agent_tokens on delete cascade,
    name text not null,
    labels jsonb not null default '{}',
    slots integer not null default 1,
    version integer not null,
    address text not null default '',
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    constraint agents_are_unique_for_a_token unique (token_id, name)
) with (fillfactor = 50);
comment on table agents is 'Programs that run jobs.';
comment on column agents.id is 'Primary key.';
comment on column agents.token_id is 'The token it came with.';
comment on column agents.name is 'The name it gives itself.';
comment on column agents.labels is 'What it has.';
comment on column agents.slots is 'Jobs it runs at once.';
comment on column agents.version is 'Version of the protocol it speaks.';
comment on column agents.address is 'Where it last called from.';
comment on column agents.created_at is 'When it first came.';
comment on column agents.last_seen_at is 'When it last asked for work, to about half a minute.';

create table attempts (
    id bigint generated always as identity primary key,
    job_id bigint not null references jobs on delete cascade,
    number integer not null,
    agent_id bigint references agents on delete set null,
    status run_status not null default 'pending',
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    exit_code integer not null default 0,
    error text not null default '',
    log_day date not null default (now() at time zone 'UTC')::date,
    log_size bigint not null default 0,
    constraint attempts_are_unique_in_a_job unique (job_id, number),
    constraint attempt_numbers_are_positive check (number > 0),
    constraint log_sizes_are_not_negative check (log_size >= 0),
    constraint finished_attempts_have_an_end
        check ((status in ('success', 'failure', 'killed', 'error')) = (finished_at is not null))
) with (fillfactor = 70);
create index attempts_of_an_agent on attempts (agent_id) where agent_id is not null;
comment on table attempts is 'Runs of a job, each with a log of its own.';
comment on column attempts.id is 'Primary key; what an agent names its work by.';
comment on column attempts.job_id is 'The job.';
comment on column attempts.number is 'Counts 1, 2, 3 … in the job.';
comment on column attempts.agent_id is 'Who runs it.';
comment on column attempts.status is 'pending from claim to first heartbeat, then running, then how it ended.';
comment on column attempts.created_at is 'When the agent claimed it.';
comment on column attempts.started_at is 'First heartbeat.';
comment on column attempts.finished_at is 'When it ended or was given up.';
comment on column attempts.exit_code is 'Exit code of the step that decided.';
comment on column attempts.error is 'Why it ended in error or was killed, else empty.';
comment on column attempts.log_day is 'Partition of its log.';
comment on column attempts.log_size is 'Bytes of log stored.';

create table steps (
    attempt_id bigint not null references attempts on delete cascade,
    number integer not null,
    name text not null,
    image text not null default '',
    status run_status not null default 'pending',
    exit_code integer not null default 0,
    started_at timestamptz,
    finished_at timestamptz,
    primary key (attempt_id, number),
    constraint step_numbers_are_not_negative check (number >= 0)
);
comment on table steps is 'The steps of an attempt.';
comment on column steps.attempt_id is 'The attempt.';
comment on column steps.number is '0 is the clone, 1 the first step of the file.';
comment on column steps.name is 'Name in the file.';
comment on column steps.image is 'Image asked for.';
comment on column steps.status is 'How it went; skipped where an earlier step failed.';
comment on column steps.exit_code is 'Exit code of the command that ended it.';
comment on column steps.started_at is 'The agent''s time.';
comment on column steps.finished_at is 'The agent''s time.';

create table log_segments (
    day date not null,
    attempt_id bigint not null,
    "offset" bigint not null,
    length integer not null,
    step integer not null,
    crc32 bigint not null,
    data bytea not null,
    primary key (day, attempt_id, "offset"),
    constraint segments_are_not_empty check (length > 0)
) partition by range (day);
create table log_segments_default partition of log_segments default;
alter table log_segments alter column data set storage external;
alter table log_segments_default alter column data set storage external;
comment on table log_segments is 'Logs in pieces, each an independent raw deflate stream (RFC 1951) ended at a byte boundary.';
comment on column log_segments.day is 'Day of the attempt; the partition.';
comment on column log_segments.attempt_id is 'The attempt. No foreign key: partitions are dropped, rows never moved.';
comment on column log_segments."offset" is 'Where in the log it starts, in bytes of text.';
comment on column log_segments.length is 'Bytes of text.';
comment on column log_segments.step is 'The step that wrote it.';
comment on column log_segments.crc32 is 'CRC-32 of the text.';
comment on column log_segments.data is 'The text, deflated; already compressed, so stored as it is.';

-- Queue ----------------------------------------------------------------------------------------------------------

create table queue (
    id bigint primary key,
    class_id bigint not null references label_classes,
    tenant_id bigint not null,
    repo_id bigint not null,
    priority integer not null default 0,
    enqueued_at timestamptz not null default now(),
    attempt integer not null default 0,
    losses integer not null default 0,
    leased boolean not null default false
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index queue_waiting on queue (class_id, priority desc, id) where not leased;
create index queue_waiting_of_a_tenant on queue (tenant_id, class_id, priority desc, id) where not leased;
create index queue_of_a_repository on queue (repo_id);
comment on table queue is 'Work to do and in hand. Rows go when the work is done.';
comment on column queue.id is 'The job.';
comment on column queue.class_id is 'What an agent must have to claim it.';
comment on column queue.tenant_id is 'Whose work it is.';
comment on column queue.repo_id is 'The repository it is of.';
comment on column queue.priority is 'Higher goes first.';
comment on column queue.enqueued_at is 'Since when it waits.';
comment on column queue.attempt is 'Number of the latest claim; fences writers of earlier ones.';
comment on column queue.losses is 'How many started attempts lost their agent.';
comment on column queue.leased is 'Somebody has it.';

create table leases (
    id bigint primary key references queue on delete cascade,
    attempt integer not null,
    holder bigint not null,
    started boolean not null default false,
    expires_at timestamptz not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index leases_by_expiry on leases (expires_at);
comment on table leases is 'Who has which work, until when. Apart from the queue, because heartbeats rewrite them all the time.';
comment on column leases.id is 'The work.';
comment on column leases.attempt is 'The claim that made it.';
comment on column leases.holder is 'The agent.';
comment on column leases.started is 'A heartbeat has come.';
comment on column leases.expires_at is 'Without a heartbeat until then, the work is given to another.';

-- Partitions -----------------------------------------------------------------------------------------------------

create function make_partitions(first_day date, days integer) returns integer
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
    foreach parent in array array['log_segments', 'deliveries'] loop
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
    'Makes the daily partitions of log segments and deliveries that are missing; answers how many it made.';

revoke all on function make_partitions(date, integer) from public;
grant execute on function make_partitions(date, integer) to skep_server;
grant usage on schema public to skep_server, skep_reader;
grant select, insert, update, delete on all tables in schema public to skep_server;
grant usage, select on all sequences in schema public to skep_server;
revoke insert, update, delete on skep_migrations from skep_server;
