/// Where the database is and how much of it one process may use.
package struct DatabaseConfiguration: Sendable {
    /// A libpq connection string, as a URL or as `key=value` pairs.
    package var url: String
    /// For LISTEN, when `url` is a proxy that pools by transaction.
    package var directURL: String?
    /// Connections for short statements, always open.
    package var shared: Int
    /// Connections for transactions and long reads, opened on demand and closed when idle for some minutes.
    package var leased: Int
    /// How many statements may wait for a shared connection, and how many tasks for a leased one.
    package var waiting: Int
    /// How long each of them may wait.
    package var wait: Duration
    /// What the server may spend on a statement. With `named` off the role's own setting rules instead.
    package var statementTimeout: Duration
    /// Prepared statements, kept by name on each connection. Off for a proxy that pools by transaction.
    package var named: Bool
    /// Unless the connection string has one.
    package var applicationName: String

    package init(
        url: String, directURL: String? = nil, shared: Int = 4, leased: Int = 8, waiting: Int = 4096,
        wait: Duration = .seconds(5), statementTimeout: Duration = .seconds(30), named: Bool = true,
        applicationName: String = "skep"
    ) {
        self.url = url
        self.directURL = directURL
        self.shared = max(1, shared)
        self.leased = max(1, leased)
        self.waiting = max(0, waiting)
        self.wait = wait
        self.statementTimeout = statementTimeout
        self.named = named
        self.applicationName = applicationName
    }

    /// The connection string for LISTEN, where there is one that can.
    var listenURL: String? { directURL ?? (named ? url : nil) }
}
