-- More rows that cannot be of two tenants: a repository is of a tenant of its own forge, and a build runs a file of its own
-- repository.

alter table tenants add constraint tenants_know_their_forge unique (id, forge_id);
alter table repositories add constraint repositories_are_of_one_forge foreign key (tenant_id, forge_id)
    references tenants (id, forge_id);
alter table repositories drop constraint repositories_tenant_id_fkey;

alter table build_configs add constraint configs_know_their_repository unique (id, repo_id);
alter table builds add constraint builds_run_files_of_their_repository foreign key (config_id, repo_id)
    references build_configs (id, repo_id);
alter table builds drop constraint builds_config_id_fkey;
