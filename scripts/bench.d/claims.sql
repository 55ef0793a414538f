-- 100,000 jobs of 1,000 tenants wait, half of them for labels that no agent has.
\set ON_ERROR_STOP on
begin;
insert into forges (name, kind, is_default) values ('git', 'git', true) on conflict do nothing;
insert into tenants (forge_id, forge_owner_id, name)
select f.id, 'tenant-' || n, 'tenant-' || n from forges f, generate_series(1, 1000) n where f.name = 'git';
insert into repositories (
    tenant_id, forge_id, forge_repo_id, owner, name, clone_url, default_branch, hook_secret, hook_secret_key
)
select id, forge_id, name || '/app', name, 'app', '', 'main', '', '' from tenants where name like 'tenant-%';
insert into label_classes (labels) values ('{}'), ('{"arch": "amd64"}'), ('{"arch": "s390x"}'), ('{"gpu": "yes"}')
on conflict do nothing;
insert into agent_tokens (name, hash) values ('bench', sha256('bench'));
insert into agents (token_id, name, labels, version)
select id, 'bench', '{"os": "linux", "arch": "amd64"}', 1 from agent_tokens where name = 'bench';
insert into queue_clocks (class_id, priority) select id, 0 from label_classes on conflict do nothing;
-- The n-th job of each tenant and class has turn n, as if they had come one by one.
insert into queue (id, class_id, tenant_id, repo_id, turn)
select
    10000000 + n, (array(select id from label_classes order by labels::text))[1 + n % 4], r.tenant_id, r.id, 1 + n / 4000
from generate_series(1, 100000) n
join (select tenant_id, id, row_number() over (order by id) as place from repositories where owner like 'tenant-%') r
    on r.place = 1 + n / 4 % 1000;
create sequence bench_ids start 1000000;
commit;
vacuum analyze;
