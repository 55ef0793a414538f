-- A queue that is fair between tenants and knows limits: turns, holds, priorities and concurrency groups.

create type queue_hold as enum ('new', 'agent', 'tenant', 'repository', 'group');

-- Settings -------------------------------------------------------------------------------------------------------

alter table tenants add column max_running_jobs integer;
alter table tenants add constraint running_jobs_are_limited_to_some check (max_running_jobs > 0);
comment on column tenants.max_running_jobs is 'How many of its jobs may run at once; null for no limit.';

alter table repositories add column max_running_jobs integer;
alter table repositories add column priority integer not null default 0;
alter table repositories add column cancel_pushes boolean not null default false;
alter table repositories add column cancel_pulls boolean not null default false;
alter table repositories add constraint running_jobs_are_limited_to_some check (max_running_jobs > 0);
alter table repositories add constraint priorities_are_in_range check (priority between -10 and 10);
comment on column repositories.max_running_jobs is 'How many of its jobs may run at once; null for no limit.';
comment on column repositories.priority is 'Jobs of a higher priority go before all of a lower one; 0 unless the server''s administrators say otherwise.';
comment on column repositories.cancel_pushes is 'A push cancels what runs for earlier pushes to the same branch.';
comment on column repositories.cancel_pulls is 'New commits of a pull request cancel what runs for its earlier ones.';

alter table jobs add column concurrency_group text;
alter table jobs add column concurrency_limit integer;
alter table jobs add constraint concurrency_groups_have_a_limit check ((concurrency_group is null) = (concurrency_limit is null));
alter table jobs add constraint concurrency_limits_are_positive check (concurrency_limit > 0);
comment on column jobs.concurrency_group is 'Jobs of the repository with the same group do not all run at once; null for none.';
comment on column jobs.concurrency_limit is 'How many of the group may run at once.';

alter table agents add column paused boolean not null default false;
comment on column agents.paused is 'It gets no work until somebody resumes it.';

create index builds_unfinished on builds (repo_id, event, ref) where status in ('pending', 'running');
comment on index builds_unfinished is 'Finds what a newer build supersedes.';

-- Queue ----------------------------------------------------------------------------------------------------------

alter table queue add column turn bigint not null default 1;
alter table queue add column hold queue_hold;
alter table queue add column concurrency_group text;
alter table queue add column concurrency_limit integer;
alter table queue add column holder bigint;
comment on column queue.turn is
    'Whose turn it is in its class and priority: lower goes first. A tenant''s n-th waiting item comes n after the clock.';
comment on column queue.hold is
    'Why it may not be claimed: new, not looked at yet; agent, none that fits was seen; tenant, repository or group, a limit is reached. Null: it may.';
comment on column queue.concurrency_group is 'Items of the repository with the same group are not all let through at once.';
comment on column queue.concurrency_limit is 'How many of the group are.';
comment on column queue.holder is 'The agent that has it, or had it last.';

create table queue_clocks (
    class_id bigint not null references label_classes,
    priority integer not null,
    turn bigint not null default 0,
    previous bigint not null default 0,
    floor bigint not null default 0,
    moved_at timestamptz not null default clock_timestamp(),
    primary key (class_id, priority)
) with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);
comment on table queue_clocks is 'Where each class and priority of the queue stands. Moved once a second at most, so that claims do not wait for each other.';
comment on column queue_clocks.class_id is 'What an agent must have.';
comment on column queue_clocks.priority is 'The items'' priority.';
comment on column queue_clocks.turn is 'The latest turn that was claimed, as far as noted.';
comment on column queue_clocks.previous is 'turn, when the floor was last moved.';
comment on column queue_clocks.floor is
    'Claims look from this turn on: what waits below it is brought up from time to time. A claim so never passes over the dead rows of all earlier ones.';
comment on column queue_clocks.moved_at is 'When turn was last noted.';
insert into queue_clocks (class_id, priority)
select distinct class_id, priority
from queue;

drop index queue_waiting;
drop index queue_waiting_of_a_tenant;
create index queue_ready on queue (class_id, priority, turn, id) where not leased and hold is null;
create index queue_turns on queue (class_id, priority, tenant_id, turn);
create index queue_of_a_tenant on queue (tenant_id, id);
create index queue_held on queue (tenant_id, priority desc, id) where hold is not null;
comment on index queue_ready is 'What may be claimed, in order.';
comment on index queue_turns is 'A tenant''s latest turn; what a tenant''s own agents may claim.';
create index leases_of_a_holder on leases (holder);
comment on index queue_of_a_tenant is 'What a tenant has on the queue, for lists and limits.';
comment on index leases_of_a_holder is 'Whether an agent is heard of.';
comment on index queue_held is 'What waits for a limit.';

grant select, insert, update, delete on queue_clocks to skep_server;
