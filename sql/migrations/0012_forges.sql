-- What forges with accounts of their own need: deployments, and statuses on their way back.

alter table builds add column deployment bigint;
comment on column builds.deployment is 'The forge''s id of the deployment that it is of; null for none.';
comment on column builds.branch is 'Branch pushed to or tag, the pull request''s own branch, or what is deployed.';

create table status_outbox (
    build_id bigint primary key references builds on delete cascade,
    repo_id bigint not null references repositories on delete cascade,
    changes bigint not null default 1,
    due_at timestamptz not null default clock_timestamp(),
    leased_until timestamptz not null default '-infinity',
    tries integer not null default 0
) with (fillfactor = 50);
create index status_outbox_by_time on status_outbox (due_at);
create index status_outbox_of_a_repository on status_outbox (repo_id);
comment on table status_outbox is 'Builds whose status the forge has not been told yet. What changes meanwhile is told at once.';
comment on index status_outbox_pkey is 'The row of a build whose status changes, or was told.';
comment on index status_outbox_by_time is 'What is to be told next.';
comment on index status_outbox_of_a_repository is 'Whether a repository''s status is being told, and its rows when it is deleted.';
comment on column status_outbox.build_id is 'The build.';
comment on column status_outbox.repo_id is 'Its repository.';
comment on column status_outbox.changes is 'Counted up with each change: a row that changed while it was told stays.';
comment on column status_outbox.due_at is 'Not to be told before.';
comment on column status_outbox.leased_until is 'Until then a worker is telling it.';
comment on column status_outbox.tries is 'Failures in a row.';
grant select, insert, update, delete on status_outbox to skep_server;

create function queue_build_status() returns trigger
    language plpgsql
as $$
begin
    insert into public.status_outbox (build_id, repo_id)
    select new.id, new.repo_id
    from public.repositories r
    join public.forges f on f.id = r.forge_id
    where r.id = new.repo_id and f.kind <> 'git' and r.deleted_at is null
    on conflict (build_id) do update set changes = public.status_outbox.changes + 1;
    return null;
end
$$;
comment on function queue_build_status() is 'Puts a build whose status changed into status_outbox, unless its forge has no place for one.';

create trigger queue_status after insert on builds for each row execute function queue_build_status();
create trigger queue_status_again after update of status on builds
    for each row when (old.status is distinct from new.status)
    execute function queue_build_status();
