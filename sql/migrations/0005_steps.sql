-- Steps: what decides whether one runs.

alter table builds add column changed_paths text[];
alter table builds add constraint changed_paths_are_few check (cardinality(changed_paths) <= 3000);
comment on column builds.changed_paths is
    'Files that the change touched, for steps that ask; null where none asks, it is not known, or they are too many.';
