-- Who calls and what they may see. Statements on a repository start with {{access}}: $1 is the hash of the caller's token
-- or null, $2 the forge's name or null for the default one, $3 the owner, $4 the repository's name.

-- fragment: caller
caller as (
    select
        u.*,
        t.id as token_id,
        t.last_used_at is null or t.last_used_at < now() - interval '1 minute' as stale
    from access_tokens t
    join users u on u.id = t.user_id
    where t.hash = $1
        and u.active
        and (t.expires_at is null or t.expires_at > now())
)

-- fragment: access
{{caller}},
permitted as (
    select
        r.*,
        f.name as forge_name,
        f.is_default,
        case
            when c.admin then 'admin'
            else greatest(case when not r.private then 'read'::permission_level end, m.role, p.level)
        end as level
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
r.clone_url, r.default_branch, r.timeout_minutes, r.private, r.trusted, r.allow_pr, r.allow_push, r.allow_deploys, r.allow_tags

-- fragment: build_columns
b.id, b.number, b.event, b.status, b.created_at, b.enqueued_at, b.started_at, b.finished_at, b.deploy_to, b.commit, b.branch,
b.ref, b.refspec, b.remote, b.title, b.message, b.committed_at, b.author, b.author_avatar, b.author_email, b.link_url, b.parent,
b.error

-- fragment: job_columns
j.id, j.number, j.status, j.enqueued_at, j.started_at, j.finished_at, j.exit_code, j.environment, j.error, j.attempt

-- fragment: user_columns
u.id, u.login, u.email, u.avatar_url, u.admin, u.active, u.created_at
