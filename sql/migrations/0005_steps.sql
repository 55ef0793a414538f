-- Steps: what decides whether one runs, and whether a build runs at all.

alter table builds add column changed_paths text[];
alter table builds add constraint changed_paths_are_few check (cardinality(changed_paths) <= 3000);
comment on column builds.changed_paths is
    'Files that the change touched, for steps that ask; null where none asks, it is not known, or they are too many.';

create type approval_rule as enum ('none', 'forks', 'pull_requests');
create type approval_state as enum ('none', 'required', 'approved', 'declined');
alter table repositories add column approval approval_rule not null default 'forks';
alter table builds add column approval approval_state not null default 'none';
alter table builds add column approval_by text not null default '';
alter table builds add constraint decisions_are_somebodys
    check ((approval in ('approved', 'declined')) = (approval_by <> ''));
alter table builds add constraint waiting_for_approval_is_waiting check (approval <> 'required' or status = 'pending');
alter table builds add constraint declined_builds_do_not_run
    check (approval <> 'declined' or status in ('pending', 'killed'));
comment on column repositories.approval is 'Builds that wait for somebody with write permission: of pull requests from forks, of all, or none.';
comment on column builds.approval is 'required while it waits for somebody''s word; none where it does not have to.';
comment on column builds.approval_by is 'Login of who approved or declined it.';
