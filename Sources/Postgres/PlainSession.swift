internal import CLibPQ

/// A connection that blocks its thread, for scripts of several statements. Stays on the thread that made it.
final class PlainSession {
    private let connection: OpaquePointer

    init(_ connector: Connector) throws(PostgresError) {
        connection = try connector.open().pointer
    }

    deinit {
        PQfinish(connection)
    }

    var isInTransaction: Bool { PQtransactionStatus(connection) == PQTRANS_INTRANS }

    /// Runs any number of statements, in the order of the text (simple protocol).
    func run(_ sql: String, name: String) throws(PostgresError) {
        _ = try rows(PQexec(connection, sql), name)
    }

    /// Runs one statement with parameters.
    func query(_ statement: Statement, _ parameters: [Parameter] = []) throws(PostgresError) -> Rows {
        let encoded = try EncodedParameters(parameters, statement: statement.name)
        let result = encoded.withPointers { count, values, lengths, formats in
            PQexecParams(connection, statement.sql, count, nil, values, lengths, formats, 1)
        }
        return try rows(result, statement.name)
    }

    private func rows(_ result: OpaquePointer?, _ name: String) throws(PostgresError) -> Rows {
        guard let result else { throw PostgresError(connection: connection, whileConnecting: false) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            return Rows(result: ResultBox(result, statement: name))
        default:
            defer { PQclear(result) }
            throw PostgresError(result: result, statement: name)
        }
    }
}
