-- Who calls and what they may see. Statements on a repository start with {{access}}: $1 is the hash of the caller's token
-- or null, $2 the forge's name or null for the default one, $3 the owner, $4 the repository's name.

-- fragment: caller
caller as (
    select
        u.*,
        t.id as token_id,
        t.level as token_level,
        t.repo_id as job_repo_id,
        t.last_used_at is null or t.last_used_at < now() - interval '1 minute' as stale
    from access_tokens t
    left join users u on u.id = t.user_id
    left join attempts a on a.id = t.attempt_id
    where t.hash = $1
        and (u.active or a.status in ('pending', 'running'))
        and (t.expires_at is null or t.expires_at > now())
)

-- fragment: access
-- What the caller's user may do, at most what the token may, or what everybody and the repository's own jobs may.
{{caller}},
permitted as (
    select
        r.*,
        f.name as forge_name,
        f.is_default,
        greatest(
            case when not r.private or r.id = c.job_repo_id then 'read'::permission_level end,
            least(
                case when c.admin then 'admin' else coalesce(greatest(m.role, p.level), 'none') end,
                case
                    when c.token_level = 'admin' then 'admin'
                    else greatest(
                        c.token_level,
                        (
                            select max(s.level)
                            from token_scopes s
                            where s.token_id = c.token_id
                                and s.tenant_id = r.tenant_id
                                and (s.repo_id is null or s.repo_id = r.id)
                        )
                    )
                end
            )
        ) as level
    from forges f
    join repositories r on r.forge_id = f.id
    left join caller c on true
    left join memberships m on m.tenant_id = r.tenant_id and m.user_id = c.id and f.kind = 'git'
    left join repo_permissions p on p.repo_id = r.id and p.user_id = c.id
    where case when $2::text is null then f.is_default else f.name = $2::text end
        and r.owner = $3
        and r.name = $4
        and r.deleted_at is null
),
repo as (
    select *
    from permitted
    where level >= 'read'
)

-- fragment: repo_columns
r.id, r.tenant_id, r.forge_id, case when f.is_default then null else f.name end, r.owner, r.name, r.avatar_url, r.link_url,
r.clone_url, r.default_branch, r.timeout_minutes, r.private, r.trusted, r.allow_pr, r.allow_push, r.allow_deploys, r.allow_tags,
r.priority, r.max_running_jobs, r.cancel_pushes, r.cancel_pulls, r.approval

-- fragment: build_columns
b.id, b.number, b.event, b.status, b.created_at, b.enqueued_at, b.started_at, b.finished_at, b.deploy_to, b.commit, b.branch,
b.ref, b.refspec, b.remote, b.title, b.message, b.committed_at, b.author, b.author_avatar, b.author_email, b.link_url, b.parent,
b.error, b.from_fork, b.approval, b.approval_by

-- fragment: job_columns
j.id, j.number, j.status, j.enqueued_at, j.started_at, j.finished_at, j.exit_code, j.environment, j.error, j.attempt

-- fragment: user_columns
u.id, u.login, u.email, u.avatar_url, u.admin, u.active, u.created_at, u.tenant_id

-- fragment: token_columns
k.id, k.name, k.level, k.created_at, k.expires_at, k.last_used_at, k.last_used_address, k.made_by,
array(
    select concat_ws(' ', s.level, coalesce(case when f.is_default then '' else f.name || ':' end, '') || coalesce(r.owner || '/' || r.name, t.name))
    from token_scopes s
    join tenants t on t.id = s.tenant_id
    join forges f on f.id = t.forge_id
    left join repositories r on r.id = s.repo_id
    where s.token_id = k.id
    order by t.name, r.owner, r.name
)
