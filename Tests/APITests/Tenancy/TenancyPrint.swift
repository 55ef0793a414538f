import Postgres
import TestSupport
import Testing

/// Whose rows changed.
enum TenancyOwner: Hashable, CustomStringConvertible {
    case tenant(Int64)
    case person(Int64)

    var description: String {
        switch self {
        case .tenant(let id): "tenant \(id)"
        case .person(let id): "person \(id)"
        }
    }
}

/// A digest of everything that each tenant and each person has in the database.
struct TenancyPrint {
    let digests: [TenancyOwner: String]

    static func take(_ database: Database) async throws -> TenancyPrint {
        var digests: [TenancyOwner: String] = [:]
        for row in try await database.query(Statement(name: "test.print", sql: sql)) {
            let id = try row.decode(Int64.self, at: 1)
            let owner: TenancyOwner = try row.decode(String.self, at: 0) == "tenant" ? .tenant(id) : .person(id)
            digests[owner] = try row.decode(at: 2)
        }
        return TenancyPrint(digests: digests)
    }

    func changes(since earlier: TenancyPrint) -> Set<TenancyOwner> {
        Set(digests.keys).union(earlier.digests.keys).filter { digests[$0] != earlier.digests[$0] }
    }

    /// Tables that are nobody's, or whose rows say nothing that a request could change.
    static let shared: Set<String> = [
        "forges", "label_classes", "queue_clocks", "sealing_keys", "skep_migrations", "idempotency_keys",
        // Roll-ups, which a worker makes of what ended.
        "report_history", "daily_builds", "mainline_ends", "hourly_waits", "daily_steps", "daily_agents",
        "daily_storage", "job_outcomes",
    ]

    /// Each table is either nobody's, or part of the digests: a new one has to be put into one of the two.
    static func expectEveryTable(_ database: Database) async throws {
        let tables = Statement(
            name: "test.tables",
            sql: """
                select relname::text
                from pg_class
                where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace
                """)
        for table in try await database.query(tables).map({ try $0.decode(String.self, at: 0) }) {
            let isRead = sql.contains("from \(table) x ") || sql.contains("from \(table) x\n")
            #expect(shared.contains(table) || isRead, "whose rows has \(table)?")
        }
    }

    /// When a token was used and an agent seen is written in the background, whoever asked; that somebody reads a log along
    /// is noted with the attempt.
    private static let sql = """
        with repos as (
            select r.id as repo_id, r.tenant_id from repositories r
        ), built as (
            select b.id as build_id, r.tenant_id from builds b join repos r on r.repo_id = b.repo_id
        ), worked as (
            select j.id as job_id, b.tenant_id from jobs j join built b on b.build_id = j.build_id
        ), tried as (
            select a.id as attempt_id, w.tenant_id from attempts a join worked w on w.job_id = a.job_id
        ), lines (kind, owner, line) as (
            select 'tenant', x.id, x::text from tenants x
            union all select 'tenant', x.tenant_id, x::text from memberships x
            union all select 'tenant', x.tenant_id, x::text from tenant_usage x
            union all select 'tenant', x.tenant_id, x::text from usage_outbox x
            union all select 'tenant', x.tenant_id, x::text from secrets x
            union all select 'tenant', x.tenant_id, x::text from retention_rules x where x.tenant_id is not null
            union all select 'tenant', x.tenant_id, x::text from queue x
            union all select 'tenant', x.tenant_id, x::text from audit x where x.tenant_id is not null
            union all select 'tenant', x.tenant_id, x::text from agent_tokens x where x.tenant_id is not null
            union all select 'tenant', k.tenant_id, (to_jsonb(x) - 'last_seen_at')::text
                from agents x join agent_tokens k on k.id = x.token_id where k.tenant_id is not null
            union all select 'tenant', x.tenant_id, x::text from repositories x
            union all select 'tenant', r.tenant_id, x::text from repo_permissions x join repos r using (repo_id)
            union all select 'tenant', r.tenant_id, x::text from key_pairs x join repos r using (repo_id)
            union all select 'tenant', r.tenant_id, x::text from repository_refs x join repos r using (repo_id)
            union all select 'tenant', r.tenant_id, x::text from deliveries x join repos r using (repo_id)
            union all select 'tenant', r.tenant_id, x::text from delivery_keys x join repos r using (repo_id)
            union all select 'tenant', r.tenant_id, x::text from intake x join repos r using (repo_id)
            union all select 'tenant', r.tenant_id, x::text from status_outbox x join repos r using (repo_id)
            union all select 'tenant', r.tenant_id, x::text from build_counters x join repos r using (repo_id)
            union all select 'tenant', r.tenant_id, x::text from event_counters x join repos r using (repo_id)
            union all select 'tenant', r.tenant_id, x::text from events x join repos r using (repo_id)
            union all select 'tenant', r.tenant_id, x::text from build_configs x join repos r using (repo_id)
            union all select 'tenant', r.tenant_id, x::text from builds x join repos r using (repo_id)
            union all select 'tenant', b.tenant_id, x::text from jobs x join built b using (build_id)
            union all select 'tenant', w.tenant_id, (to_jsonb(x) - 'watched_until')::text
                from attempts x join worked w using (job_id)
            union all select 'tenant', b.tenant_id, x::text from ended_builds x join built b using (build_id)
            union all select 'tenant', t.tenant_id, x::text from ended_attempts x join tried t using (attempt_id)
            union all select 'tenant', w.tenant_id, x::text from leases x join worked w on w.job_id = x.id
            union all select 'tenant', t.tenant_id, x::text from steps x join tried t using (attempt_id)
            union all select 'tenant', t.tenant_id, x::text from log_segments x join tried t using (attempt_id)
            union all select 'tenant', x.tenant_id, x::text from users x where x.tenant_id is not null
            union all select 'person', x.id, x::text from users x where x.tenant_id is null
            union all select
                case when coalesce(u.tenant_id, r.tenant_id) is null then 'person' else 'tenant' end,
                coalesce(u.tenant_id, r.tenant_id, u.id), (to_jsonb(x) - 'last_used_at' - 'last_used_address')::text
                from access_tokens x left join users u on u.id = x.user_id left join repos r using (repo_id)
            union all select
                case when u.tenant_id is null then 'person' else 'tenant' end, coalesce(u.tenant_id, u.id), x::text
                from token_scopes x join access_tokens k on k.id = x.token_id join users u on u.id = k.user_id
        )
        select kind, owner, md5(string_agg(line, chr(10) order by line))
        from lines
        group by kind, owner
        """
}
