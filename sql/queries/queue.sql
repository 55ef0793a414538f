-- name: enqueue
-- Their turns come after the clock, and after what their tenants have waiting already. With a limit to keep they are held until
-- somebody has counted. A limit of 0 is none: the item is in no group.
with given as (
    select *, row_number() over (partition by class_id, priority, tenant_id order by place) as behind
    from
        unnest(
            $1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::integer[], $7::text[], $8::integer[]
        ) with ordinality as given (
            id, class_id, tenant_id, repo_id, priority, attempt, concurrency_group, concurrency_limit, place
        )
),
clock as (
    insert into queue_clocks (class_id, priority)
    select distinct class_id, priority
    from given
    order by class_id, priority
    on conflict (class_id, priority) do nothing
),
line as (
    select
        w.class_id,
        w.priority,
        w.tenant_id,
        greatest(
            k.turn,
            (
                select max(q.turn)
                from queue q
                where q.class_id = w.class_id
                    and q.priority = w.priority
                    and q.tenant_id = w.tenant_id
                    and q.turn > coalesce(k.turn, 0)
            ),
            0
        ) as turn
    from (select distinct class_id, priority, tenant_id from given) w
    left join queue_clocks k on k.class_id = w.class_id and k.priority = w.priority
)
insert into queue (
    id, class_id, tenant_id, repo_id, priority, attempt, concurrency_group, concurrency_limit, turn, hold
)
select
    g.id, g.class_id, g.tenant_id, g.repo_id, g.priority, g.attempt, g.concurrency_group, nullif(g.concurrency_limit, 0),
    l.turn + g.behind,
    case
        when g.concurrency_group is not null or t.max_running_jobs is not null or r.max_running_jobs is not null
            then 'new'::queue_hold
    end
from given g
join line l on l.class_id = g.class_id and l.priority = g.priority and l.tenant_id = g.tenant_id
left join repositories r on r.id = g.repo_id
left join tenants t on t.id = g.tenant_id

-- name: claim
-- The first ready items of each class and priority that fits are looked at; the best of them that nobody else is taking is
-- leased.
with fitting as (
    select first.id, first.turn - k.turn as distance
    from label_classes c
    join queue_clocks k on k.class_id = c.id
    cross join lateral (
        select q.id, q.turn
        from queue q
        where q.class_id = c.id and q.priority = k.priority and q.turn >= k.floor and not q.leased and q.hold is null
        order by q.turn, q.id
        limit 32
    ) first
    where c.labels <@ $1::jsonb and not exists (select from agents a where a.id = $2 and a.paused)
),
{{take}}

-- name: claim_of_tenant
-- As claim, for the items of tenant $4 only.
with fitting as (
    select first.id, first.turn - k.turn as distance
    from label_classes c
    join queue_clocks k on k.class_id = c.id
    cross join lateral (
        select q.id, q.turn
        from queue q
        where q.class_id = c.id
            and q.priority = k.priority
            and q.tenant_id = $4
            and q.turn >= k.floor
            and not q.leased
            and q.hold is null
        order by q.turn
        limit 32
    ) first
    where c.labels <@ $1::jsonb and not exists (select from agents a where a.id = $2 and a.paused)
),
{{take}}

-- fragment: take
chosen as (
    select q.id
    from queue q
    join fitting f on f.id = q.id
    where not q.leased and q.hold is null
    order by q.priority desc, f.distance, q.id
    limit 1
    for update of q skip locked
),
taken as (
    update queue q
    set leased = true, attempt = q.attempt + 1, holder = $2
    from chosen
    where q.id = chosen.id
    returning q.id, q.attempt, q.class_id, q.priority, q.turn
),
held as (
    insert into leases (id, attempt, holder, expires_at)
    select id, attempt, $2, clock_timestamp() + $3 * interval '1 second'
    from taken
),
noted as (
    update queue_clocks k
    set turn = t.turn, moved_at = clock_timestamp()
    from taken t
    where k.class_id = t.class_id
        and k.priority = t.priority
        and k.turn < t.turn
        and k.moved_at < clock_timestamp() - interval '1 second'
)
select id, attempt
from taken

-- name: move_floors
-- Claims need not look at what everybody has claimed already. What was enqueued while the floor moved is above $1 still: a
-- floor follows the clock only as far as it stood the last time.
update queue_clocks k
set floor = greatest(k.floor, least(k.previous, n.turn)), previous = k.turn
from (
    select
        c.class_id,
        c.priority,
        (
            select min(q.turn)
            from queue q
            where q.class_id = c.class_id and q.priority = c.priority and q.turn >= c.floor and not q.leased
                and q.hold is null
        ) as turn
    from queue_clocks c
    where c.previous <> c.turn or c.floor < c.turn
    for update of c skip locked
) n
where k.class_id = n.class_id
    and k.priority = n.priority
    and (k.previous <> k.turn or k.floor < least(k.previous, n.turn))

-- name: bring_up
-- What was enqueued so slowly that the floor has passed it.
update queue q
set turn = k.turn + 1
from queue_clocks k
where q.class_id = k.class_id
    and q.priority = k.priority
    and q.turn < k.floor
    and not q.leased
    and q.hold is null

-- name: make_clocks
-- For what servers of before the clocks enqueue.
insert into queue_clocks (class_id, priority)
select distinct class_id, priority
from queue
on conflict (class_id, priority) do nothing

-- fragment: is_living
-- Whether the agent "a" was heard of lately: it asks for work, or sends heartbeats.
(
    a.last_seen_at > now() - interval '90 seconds'
    or exists (select from leases l where l.holder = a.id and l.expires_at > now())
)

-- name: tenants_held
select distinct tenant_id
from queue
where hold is not null

-- name: lock_tenant
-- One admission of a tenant at a time.
select max_running_jobs
from tenants
where id = $1
for no key update

-- name: admit
-- Lets through what the limits of tenant $1 allow, and notes why the rest is held. What has been let through and not ended
-- counts as running. A job that no living agent can run takes nobody's place.
with living as (
    select a.labels
    from agents a
    join agent_tokens k on k.id = a.token_id
    where (k.tenant_id is null or k.tenant_id = $1) and {{is_living}} and not a.paused
),
held as (
    select
        q.id, q.hold, q.repo_id, q.priority, q.concurrency_group,
        exists (select from living l where c.labels <@ l.labels) as fits,
        row_number() over (
            partition by q.repo_id, q.concurrency_group, exists (select from living l where c.labels <@ l.labels)
            order by q.priority desc, q.id
        ) as place_in_group,
        q.concurrency_limit as group_limit,
        r.max_running_jobs as repo_limit,
        t.max_running_jobs as tenant_limit
    from queue q
    join label_classes c on c.id = q.class_id
    join repositories r on r.id = q.repo_id
    join tenants t on t.id = q.tenant_id
    where q.tenant_id = $1 and q.hold is not null
),
active as materialized (
    select repo_id, concurrency_group, count(*) as jobs
    from queue
    where tenant_id = $1 and hold is null
    group by repo_id, concurrency_group
),
by_group as (
    select
        h.*,
        h.concurrency_group is null
            or h.place_in_group <= h.group_limit - coalesce(
                (select a.jobs from active a where a.repo_id = h.repo_id and a.concurrency_group = h.concurrency_group), 0
            ) as group_allows
    from held h
),
by_repo as (
    select
        g.*,
        row_number() over (partition by g.repo_id, g.fits and g.group_allows order by g.priority desc, g.id)
            <= coalesce(g.repo_limit, 2147483647)
                - coalesce((select sum(a.jobs) from active a where a.repo_id = g.repo_id), 0) as repo_allows
    from by_group g
),
by_tenant as (
    select
        b.*,
        row_number() over (
            partition by b.fits and b.group_allows and b.repo_allows
            order by b.priority desc, b.id
        ) <= coalesce(b.tenant_limit, 2147483647) - coalesce((select sum(a.jobs) from active a), 0) as tenant_allows
    from by_repo b
),
decided as (
    select
        id,
        hold as old,
        case
            when not fits then 'agent'::queue_hold
            when not group_allows then 'group'
            when not repo_allows then 'repository'
            when not tenant_allows then 'tenant'
        end as new
    from by_tenant
)
update queue q
set hold = d.new
from decided d
where q.id = d.id and d.new is distinct from d.old
returning q.hold is null

-- name: hold_ready
-- When a limit has changed: what nobody has claimed is counted anew.
update queue
set hold = 'new'
where tenant_id = $1 and hold is null and not leased

-- name: hold
-- Keeps a lease from being taken until the transaction ends; answers nothing when it is another's.
select id
from leases
where id = $1 and attempt = $2
for update

-- name: renew
update leases
set expires_at = clock_timestamp() + $3 * interval '1 second', started = true
where id = $1 and attempt = $2
returning id

-- name: finish
delete from queue
where id = $1 and attempt = $2 and leased

-- name: withdraw
-- Takes an item that nobody has leased off the queue.
delete from queue
where id = $1 and not leased

-- name: expired
-- Leases that ran out. Who rescues one takes it with take_expired.
select id, attempt
from leases
where expires_at < clock_timestamp()
order by expires_at
limit $1

-- name: take_expired
-- Removes a lease that is still expired, so that one server rescues it; tells whether a heartbeat had come, and how many
-- started attempts were lost before.
with taken as (
    delete from leases
    where id = $1 and attempt = $2 and expires_at < clock_timestamp()
    returning id, started
)
select t.started, q.losses
from taken t
join queue q on q.id = t.id

-- name: release
-- It has waited its turn already.
update queue q
set leased = false,
    losses = q.losses + $3,
    enqueued_at = now(),
    turn = coalesce(
        (select k.turn + 1 from queue_clocks k where k.class_id = q.class_id and k.priority = q.priority), q.turn)
where q.id = $1 and q.attempt = $2 and q.leased

-- name: drop_lease
delete from leases
where id = $1 and attempt = $2

-- fragment: queue_page
-- What stands on the queue, in the order it came.
select
    q.id, case when f.is_default then null else f.name end, r.owner, r.name, b.number, j.number, q.leased, q.hold::text,
    q.priority, q.enqueued_at,
    array(select key from jsonb_each_text(c.labels)), array(select value from jsonb_each_text(c.labels)),
    g.name, q.concurrency_group, q.concurrency_limit, r.max_running_jobs, t.max_running_jobs,
    case
        when q.leased then null
        else (
            select bool_or(not a.paused)
            from agents a
            join agent_tokens k on k.id = a.token_id
            where c.labels <@ a.labels and (k.tenant_id is null or k.tenant_id = q.tenant_id) and {{is_living}}
        )
    end
from page q
join jobs j on j.id = q.id
join builds b on b.id = j.build_id
join repositories r on r.id = q.repo_id
join forges f on f.id = r.forge_id
join tenants t on t.id = q.tenant_id
join label_classes c on c.id = q.class_id
left join agents g on g.id = q.holder and q.leased
order by q.id

-- name: list
-- For administrators of the server.
with page as (
    select w.*
    from queue w
    join repositories r on r.id = w.repo_id
    where w.id > $1 and r.deleted_at is null
    order by w.id
    limit $2
)
{{queue_page}}

-- name: list_of_member
-- For a token's user: what is of tenants they are a member of, as far as the token goes, and of repositories they may read:
-- where a forge has permissions of its own, membership alone is not enough.
with page as (
    select q.*
    from (
        select t.id, k.user_id
        from access_tokens k
        join users u on u.id = k.user_id
        join memberships m on m.user_id = k.user_id
        join tenants t on t.id = m.tenant_id
        where k.id = $3 and {{tenant_role}} >= 'read'
    ) mine
    cross join lateral (
        select w.*
        from queue w
        join repositories r on r.id = w.repo_id
        join forges f on f.id = r.forge_id
        left join repo_permissions p on p.repo_id = r.id and p.user_id = mine.user_id
        where w.tenant_id = mine.id
            and w.id > $1
            and r.deleted_at is null
            and (f.kind = 'git' or not r.private or p.level >= 'read')
        order by w.id
        limit $2
    ) q
    order by q.id
    limit $2
)
{{queue_page}}
