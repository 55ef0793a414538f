internal import CLibPQ

/// How to open one. Name resolution, TLS and password hashing block: call it on a helper thread.
struct Connector: Sendable {
    let url: String
    let applicationName: String
    /// Set on the session; nil where a proxy may hand the session to somebody else.
    let statementTimeout: Duration?

    /// The connection, idle.
    func open() throws(PostgresError) -> OpenConnection {
        try check()
        let connection = try connect()
        // Without a receiver libpq prints notices to stderr.
        PQsetNoticeReceiver(connection, { _, _ in }, nil)
        if let statementTimeout { try limit(connection, statementTimeout) }
        return OpenConnection(pointer: connection)
    }

    /// The connection, ready for the loop: non-blocking, in pipeline mode.
    func openPipeline() throws(PostgresError) -> OpenConnection {
        let connection = try open()
        guard PQsetnonblocking(connection.pointer, 1) == 0, PQenterPipelineMode(connection.pointer) == 1 else {
            throw failure(connection.pointer)
        }
        return connection
    }

    /// libpq's own message about a malformed URL quotes it, password included.
    private func check() throws(PostgresError) {
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(url, &message)
        defer { PQfreemem(message) }
        guard let options else { throw PostgresError(.connection, "the connection string cannot be parsed") }
        PQconninfoFree(options)
    }

    private func connect() throws(PostgresError) -> OpaquePointer {
        // Those before `dbname` yield to the connection string, which is expanded in its place.
        let options = [
            ("connect_timeout", "5"), ("keepalives_idle", "30"), ("keepalives_interval", "10"),
            ("keepalives_count", "3"), ("tcp_user_timeout", "60000"), ("fallback_application_name", applicationName),
            ("dbname", url), ("client_encoding", "UTF8"),
        ]
        let connection = Self.withStrings(options.map(\.0)) { keys in
            Self.withStrings(options.map(\.1)) { values in PQconnectdbParams(keys, values, 1) }
        }
        guard let connection else { throw PostgresError(.connection, "no memory for a connection") }
        guard PQstatus(connection) == CONNECTION_OK else { throw failure(connection) }
        return connection
    }

    /// In one statement: as `options` of the connection they would be refused by proxies.
    ///
    /// The planner's settings are for a database that is in memory for the most part, and for statements that are prepared
    /// once and run often: with the server's own, small tables are read whole and plans made anew, at twice the cost.
    private func limit(_ connection: OpaquePointer, _ timeout: Duration) throws(PostgresError) {
        let milliseconds = max(1, Int64(timeout / .milliseconds(1)))
        let result = PQexec(
            connection,
            """
            select /* connection.settings */ set_config('statement_timeout', '\(milliseconds)', false),
                   set_config('idle_in_transaction_session_timeout', '\(milliseconds * 2)', false),
                   set_config('random_page_cost', '1.1', false),
                   set_config('plan_cache_mode', 'force_generic_plan', false),
                   set_config('jit', 'off', false)
            """)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_TUPLES_OK else { throw failure(connection) }
    }

    private func failure(_ connection: OpaquePointer) -> PostgresError {
        defer { PQfinish(connection) }
        return PostgresError(connection: connection, whileConnecting: true)
    }

    /// A null-terminated array of C strings, valid during the call.
    private static func withStrings<R>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R
    ) -> R {
        let block = strings.flatMap { Array($0.utf8) + [0] }.map { CChar(bitPattern: $0) }
        return block.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            var pointers: [UnsafePointer<CChar>?] = []
            for string in strings {
                pointers.append(next)
                next = next.map { $0 + string.utf8.count + 1 }
            }
            return body(pointers + [nil])
        }
    }
}
