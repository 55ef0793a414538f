-- What is followed while it happens: logs that somebody watches, and events of repositories.

alter table attempts add column watched_until timestamptz not null default '-infinity';
comment on column attempts.watched_until is 'Until then servers tell each other of new segments of its log, because somebody reads along.';

create table event_counters (
    repo_id bigint primary key references repositories on delete cascade,
    last_number bigint not null,
    xact xid8 not null default pg_current_xact_id(),
    forgotten xid8
) with (fillfactor = 50);
comment on table event_counters is 'The last event of each repository.';
comment on column event_counters.repo_id is 'The repository.';
comment on column event_counters.last_number is 'Counted up in the transaction that makes the event, which so commits before the next number is drawn.';
comment on column event_counters.xact is 'The transaction of the last event.';
comment on column event_counters.forgotten is 'The transaction of the newest event that is not kept any more; null while all are.';

create table events (
    repo_id bigint not null references event_counters on delete cascade,
    number bigint not null,
    build bigint not null,
    status run_status not null,
    jobs run_status[] not null,
    at timestamptz not null default clock_timestamp(),
    xact xid8 not null default pg_current_xact_id(),
    primary key (repo_id, number)
);
create index events_by_transaction on events (xact);
comment on table events is 'Changes of builds and their jobs, for those who follow them. Kept for a day, at most 1,000 of a repository.';
comment on column events.repo_id is 'The repository.';
comment on column events.number is 'Counts 1, 2, 3 … in the repository, in the order of the commits.';
comment on column events.build is 'Number of the build.';
comment on column events.status is 'Where the build stood afterwards.';
comment on column events.jobs is 'Where its jobs stood, by their numbers.';
comment on column events.at is 'When it happened.';
comment on column events.xact is 'The transaction that made it: readers of many repositories know by it what they have seen.';

grant select, insert, update, delete on event_counters, events to skep_server;
