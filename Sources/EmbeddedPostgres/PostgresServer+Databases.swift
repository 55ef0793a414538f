/// Databases of the server, without a connection of one's own.
extension PostgresServer {
    /// Makes a database, empty or a copy of `template`, which nobody may be connected to for longer than 5 s.
    package func createDatabase(_ name: String, template: String = "template0") async throws {
        try await run("create database \(Self.identifier(name)) template \(Self.identifier(template))")
    }

    /// Makes an empty database unless it is there. Several processes may do so at once.
    package func ensureDatabase(_ name: String) async throws {
        if try await hasDatabase(name) { return }
        do {
            try await createDatabase(name)
        } catch {
            guard try await hasDatabase(name) else { throw error }
        }
    }

    private func hasDatabase(_ name: String) async throws -> Bool {
        try await !run("select 1 from pg_database where datname = \(Self.literal(name))").isEmpty
    }

    /// Removes a database with the sessions that use it; does nothing if it is not there.
    package func dropDatabase(_ name: String) async throws {
        try await run("drop database if exists \(Self.identifier(name)) with (force)")
    }

    private static func identifier(_ name: String) -> String { quoted(name, "\"") }

    private static func literal(_ text: String) -> String { quoted(text, "'") }

    private static func quoted(_ text: String, _ mark: Character) -> String {
        let parts = text.split(separator: mark, omittingEmptySubsequences: false)
        return "\(mark)" + parts.joined(separator: "\(mark)\(mark)") + "\(mark)"
    }
}
