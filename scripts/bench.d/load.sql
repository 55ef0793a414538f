-- Loads what `scripts/bench reads` asks for, into a database that was just migrated: 20 owners with 10 private repositories
-- each, 5 builds a day in each repository, two jobs in each build, 200 users who are members everywhere. Every tenth build has
-- a log of 100,000 bytes for its first job, in longer histories every hundredth of a repository's. Run in the folder that
-- prepare.py filled.
--
-- -v builds=250   builds in each repository: 250 are 50,000 in 50 days
-- -v days=50      over how many days; longer histories than a year are denser instead

\set ON_ERROR_STOP on
\if :{?builds} \else \set builds 250 \endif
\if :{?days} \else
select least(365, greatest(1, :builds / 5)) as days \gset
\endif
select greatest(10, :builds / 100) as logged_every \gset

-- A transaction each: every partition and index that one makes is a lock.
\o /dev/null
select format('select make_partitions((now() at time zone %L)::date + %s, 20)', 'UTC', days)
from generate_series(-(:days + 1), 2, 20) as days \gexec
\o

begin;

create temporary table bench_tokens (number integer, hash bytea);
create temporary table bench_logs (number integer, length integer, crc32 bigint, data bytea);
\copy bench_tokens from 'tokens.csv' (format csv)
\copy bench_logs from 'logs.csv' (format csv)


insert into forges (name, kind, url, is_default)
values ('git', 'git', '/nowhere', true);

insert into users (login, email, avatar_url)
select 'user' || number, 'user' || number || '@example.com', 'https://www.gravatar.com/avatar/' || md5('user' || number)
from bench_tokens;

insert into access_tokens (user_id, name, hash, last_used_at)
select u.id, 'bench', t.hash, now()
from bench_tokens t
join users u on u.login = 'user' || t.number;

insert into tenants (forge_id, forge_owner_id, name)
select f.id, o::text, o::text
from forges f, generate_series(1, 20) o;

insert into memberships (tenant_id, user_id, role)
select t.id, u.id, 'read'
from tenants t, users u;

insert into repositories (
    tenant_id, forge_id, forge_repo_id, owner, name, clone_url, default_branch, hook_secret, hook_secret_key, activated_by
)
select t.id, t.forge_id, t.name || '/' || n, t.name, n::text, 'file:///nowhere/' || t.name || '/' || n || '.git', 'master',
    '\x00', 'bench', 'user1'
from tenants t, generate_series(1, 10) n;

insert into build_counters (repo_id, last_number)
select id, :builds
from repositories;

insert into build_configs (repo_id, hash, content)
select id, sha256('build:'), 'build:'
from repositories;

insert into label_classes (labels)
values ('{}')
on conflict do nothing;

-- In the order of time, as builds of many repositories come.
insert into builds (
    repo_id, number, event, status, created_at, enqueued_at, started_at, finished_at, commit, branch, ref, remote, message,
    committed_at, author, author_avatar, author_email, link_url, config_id
)
select
    r.id,
    n,
    'push',
    case when n % 7 = 0 then 'failure' else 'success' end::run_status,
    t.at,
    t.at,
    t.at + interval '2 seconds',
    t.at + interval '3 minutes',
    encode(sha256((r.id || '/' || n)::bytea), 'hex')::varchar(40),
    case when n % 3 = 0 then 'feature-' || n % 5 else 'master' end,
    case when n % 3 = 0 then 'refs/heads/feature-' || n % 5 else 'refs/heads/master' end,
    r.clone_url,
    'Change number ' || n || E'\n\nWhy it was made, in a sentence or two of the usual length.',
    t.at - interval '1 minute',
    'user' || 1 + n % 200,
    'https://www.gravatar.com/avatar/' || md5('user' || 1 + n % 200),
    'user' || 1 + n % 200 || '@example.com',
    '',
    c.id
from generate_series(1, :builds) n
cross join repositories r
join build_configs c on c.repo_id = r.id
cross join lateral (select now() - (:builds + 1 - n) * 0.98 * :days / :builds * interval '1 day' as at) t
order by n, r.id;

insert into jobs (
    build_id, number, status, environment, class_id, attempt, enqueued_at, started_at, finished_at, exit_code
)
select b.id, n, b.status, json_build_object('GO_VERSION', '1.' || 3 + n), c.id, 1, b.enqueued_at, b.started_at, b.finished_at,
    case b.status when 'failure' then 1 else 0 end
from builds b
cross join generate_series(1, 2) n
cross join label_classes c
where c.labels = '{}'
order by b.id, n;

insert into attempts (
    job_id, number, status, created_at, started_at, finished_at, exit_code, log_day, log_size
)
select j.id, 1, j.status, j.enqueued_at, j.started_at, j.finished_at, j.exit_code,
    (j.enqueued_at at time zone 'UTC')::date, case when b.number % :logged_every = 0 and j.number = 1 then 100000 else 0 end
from jobs j
join builds b on b.id = j.build_id
order by j.id;

insert into steps (attempt_id, number, name, status, exit_code, started_at, finished_at)
select a.id, n, case n when 0 then 'clone' else 'build' end, case n when 0 then 'success' else a.status end,
    case n when 0 then 0 else a.exit_code end, a.started_at, a.finished_at
from attempts a, generate_series(0, 1) n
order by a.id, n;

insert into log_segments (day, attempt_id, "offset", length, step, crc32, data)
select a.log_day, a.id, 0, l.length, 1, l.crc32, l.data
from attempts a
join bench_logs l on l.number = a.id % (select count(*) from bench_logs)
where a.log_size > 0;

commit;

vacuum (analyze);
checkpoint;
