#if DEBUG
import Synchronization

extension SQL {
    /// Gives queries another text, for tests that want to know who would notice. Has to come before the first statement
    /// is made; builds for release do not have it.
    package static func replace(with texts: [String: String]) {
        replacements.withLock { $0 = texts }
    }

    fileprivate static let replacements = Mutex<[String: String]>([:])
}
#endif

/// The SQL texts of this package, embedded in the program.
package enum SQL {
    /// Migration files in order, such as `0001_initial`.
    package static let migrations: [(name: String, sql: String)] = [
        file("0001_initial", PackageResources._001_initial_sql),
        file("0002_tenants_and_secrets", PackageResources._002_tenants_and_secrets_sql),
        file("0003_keyed_request_hashes", PackageResources._003_keyed_request_hashes_sql),
        file("0004_fair_queue", PackageResources._004_fair_queue_sql),
        file("0005_steps", PackageResources._005_steps_sql),
        file("0006_audit_and_reports", PackageResources._006_audit_and_reports_sql),
        file("0007_one_tenant_each", PackageResources._007_one_tenant_each_sql),
        file("0008_live", PackageResources._008_live_sql),
        file("0009_reporting", PackageResources._009_reporting_sql),
        file("0010_report_indexes", PackageResources._010_report_indexes_sql),
        file("0011_retention", PackageResources._011_retention_sql),
        file("0012_forges", PackageResources._012_forges_sql),
        file("0013_index_comments", PackageResources._013_index_comments_sql),
        file("0014_reader_plans", PackageResources._014_reader_plans_sql),
    ]

    /// The text of a query by the name of its file and its own, such as `builds.find`.
    ///
    /// A name that is not there is a programmer's mistake, which a test finds, so it ends the program.
    package static func query(_ name: String) -> String {
        #if DEBUG
        if let text = replacements.withLock({ $0[name] }) { return text }
        #endif
        guard let text = queries[name] else { preconditionFailure("no query named \(name)") }
        return text
    }

    /// Every query by its name, fragments put in.
    package static let queries: [String: String] = {
        do {
            return try QueryCatalogue(files: queryFiles).queries
        } catch {
            preconditionFailure("the embedded queries do not parse: \(error)")
        }
    }()

    private static let queryFiles: [(name: String, sql: String)] = [
        file("access", PackageResources.access_sql),
        file("agents", PackageResources.agents_sql),
        file("attempts", PackageResources.attempts_sql),
        file("audit", PackageResources.audit_sql),
        file("builds", PackageResources.builds_sql),
        file("deliveries", PackageResources.deliveries_sql),
        file("events", PackageResources.events_sql),
        file("forges", PackageResources.forges_sql),
        file("idempotency", PackageResources.idempotency_sql),
        file("jobs", PackageResources.jobs_sql),
        file("keys", PackageResources.keys_sql),
        file("logs", PackageResources.logs_sql),
        file("queue", PackageResources.queue_sql),
        file("refs", PackageResources.refs_sql),
        file("reports", PackageResources.reports_sql),
        file("repos", PackageResources.repos_sql),
        file("retention", PackageResources.retention_sql),
        file("secrets", PackageResources.secrets_sql),
        file("server", PackageResources.server_sql),
        file("statuses", PackageResources.statuses_sql),
        file("tails", PackageResources.tails_sql),
        file("tenants", PackageResources.tenants_sql),
        file("tokens", PackageResources.tokens_sql),
        file("usage", PackageResources.usage_sql),
        file("users", PackageResources.users_sql),
    ]

    private static func file(_ name: String, _ bytes: [UInt8]) -> (name: String, sql: String) {
        (name, String(decoding: bytes, as: UTF8.self))
    }
}
