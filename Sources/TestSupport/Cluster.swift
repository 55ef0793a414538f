package import EmbeddedPostgres

/// The one PostgreSQL server of a test process. It starts with the first test that asks for it and ends, with its data,
/// when the process does.
package enum Cluster {
    private static let start = Task { try await PostgresServer.startTemporary() }

    package static var server: PostgresServer {
        get async throws { try await start.value }
    }

    /// Tests that hold a database at the same time; each may open some 20 of the server's 400 connections.
    private static let gate = Gate(16)

    /// Makes a database under a new name and drops it afterwards, also when the test is cancelled.
    static func withNewDatabase<T>(
        template: String?, isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> T
    ) async throws -> T {
        #if DEBUG
        try ReplacedQueries.read.get()
        #endif
        try await gate.enter()
        defer { gate.leave() }
        let server = try await server
        let name = DatabaseName.next()
        try await server.createDatabase(name, template: template ?? "template0")
        let result: Result<T, any Error>
        do { result = .success(try await body(server.url(database: name))) } catch { result = .failure(error) }
        try await Task { try await server.dropDatabase(name) }.value
        return try result.get()
    }
}
