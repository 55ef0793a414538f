import EmbeddedPostgres
package import Logging
package import Postgres
import SQL
import Synchronization

/// Gives the test an empty database of its own, by its URL.
package func withDatabaseURL<T>(
    isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> T
) async throws -> T {
    try await Cluster.withNewDatabase(template: nil, body)
}

/// Gives the test an empty database of its own, and a running pool of connections to it.
package func withDatabase<T>(
    logger: Logger = .silent, isolation: isolated (any Actor)? = #isolation,
    _ body: (String, Database) async throws -> T
) async throws -> T {
    try await withDatabaseURL { url in
        try await withPool(url, logger: logger) { try await body(url, $0) }
    }
}

/// Gives the test a database with all migrations applied and nothing else in it, and a running pool.
package func withMigratedDatabase<T>(
    logger: Logger = .silent, isolation: isolated (any Actor)? = #isolation,
    _ body: (String, Database) async throws -> T
) async throws -> T {
    try await Cluster.withNewDatabase(template: MigratedTemplate.name) { url in
        try await withPool(url, logger: logger) { try await body(url, $0) }
    }
}

/// A pool that runs as long as `body`, as one server's would: a test of several servers opens several.
package func withPool<T>(
    _ url: String, logger: Logger = .silent, isolation: isolated (any Actor)? = #isolation,
    _ body: (Database) async throws -> T
) async throws -> T {
    let database = Database(DatabaseConfiguration(url: url, directURL: url), logger: logger)
    let running = Task { try await database.run() }
    let result: Result<T, any Error>
    do { result = .success(try await body(database)) } catch { result = .failure(error) }
    running.cancel()
    _ = await running.result
    return try result.get()
}

extension Logger {
    /// Writes nothing.
    package static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// The database that migrated ones are copied from, made once a process.
private enum MigratedTemplate {
    static var name: String {
        get async throws { try await made.value }
    }

    private static let made = Task {
        let name = "migrated"
        let server = try await Cluster.server
        try await server.createDatabase(name)
        let migrations = try SQL.migrations.map { try Migration(fileName: $0.name, text: $0.sql) }
        _ = try await Migrator(url: server.url(database: name), migrations: migrations, logger: .silent).run()
        return name
    }
}

/// `test_1`, `test_2`, …
enum DatabaseName {
    private static let count = Atomic(0)

    static func next() -> String {
        "test_\(count.wrappingAdd(1, ordering: .relaxed).newValue)"
    }
}
