/// Settings of a server, given to it at each start; they win over `postgresql.conf`, not over what a session sets.
package struct PostgresSettings: Sendable, Hashable {
    /// By their names in PostgreSQL.
    package var values: [String: String]

    package init(_ values: [String: String] = [:]) {
        self.values = values
    }

    /// For data to keep: PostgreSQL's own defaults.
    package static let durable = PostgresSettings()

    /// For data that end with the process: no flush to disk, room for many tests at once.
    package static let disposable = PostgresSettings([
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "autovacuum": "off",
        "max_connections": "400",
        "shared_buffers": "64MB",
    ])

    /// One argument for the shell command that `pg_ctl` starts the server with.
    var shellArguments: String {
        values.sorted { $0.key < $1.key }
            .map { name, value in "-c " + Self.quoted("\(name)=\(value)") }
            .joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
