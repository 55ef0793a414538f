/// Whatever went wrong between a statement and its rows.
///
/// `description` is for logs that many may read: names, codes and constraints, never a parameter or a stored value.
/// `debugDescription` adds what the server said in full.
package struct PostgresError: Error {
    /// What kind of failure it is. More may come: `switch` needs a default.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        /// The server refused the statement, with this SQLSTATE.
        package static func server(_ sqlState: String) -> Code { Code(description: "server \(sqlState)") }
        /// No connection, or it broke: what was in flight may or may not have happened.
        package static let connection = Code(description: "connection")
        /// The server gave up after the statement timeout.
        package static let timeout = Code(description: "timeout")
        /// Too many wait already, or this one waited too long. Nothing happened.
        package static let overloaded = Code(description: "overloaded")
        /// The task was cancelled. A statement already on its way may have happened.
        package static let cancelled = Code(description: "cancelled")
        /// A column does not hold what was asked of it.
        package static let decoding = Code(description: "decoding")
        /// The database was closed, or a connection was used after its lease.
        package static let closed = Code(description: "closed")
        /// The schema's recorded migrations and the given ones disagree.
        package static let migration = Code(description: "migration")
    }

    package let code: Code
    /// Five characters (PostgreSQL documentation, appendix A).
    package let sqlState: String?
    /// The constraint that was violated.
    package let constraint: String?
    /// The name of the statement.
    package internal(set) var statement: String?
    /// One sentence without values.
    package let message: String
    /// What the server said, values included. For `debugDescription` only.
    let detail: String?
    /// The function of the server that refused.
    var routine: String?

    package init(
        _ code: Code, _ message: String, sqlState: String? = nil, constraint: String? = nil,
        statement: String? = nil, detail: String? = nil
    ) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
        self.constraint = constraint
        self.statement = statement
        self.detail = detail
    }
}

extension PostgresError {
    /// A unique constraint or index refused the row; with a name, that one.
    package func isUniqueViolation(constraint name: String? = nil) -> Bool { violates(SQLState.uniqueViolation, name) }

    /// A foreign key refused the row; with a name, that one.
    package func isForeignKeyViolation(constraint name: String? = nil) -> Bool {
        violates(SQLState.foreignKeyViolation, name)
    }

    /// A CHECK refused the row; with a name, that one.
    package func isCheckViolation(constraint name: String? = nil) -> Bool { violates(SQLState.checkViolation, name) }

    /// The database cannot answer now and may later: the API's 503.
    package var isUnavailable: Bool { code == .connection || code == .overloaded || code == .closed }

    /// The transaction lost against another one and may be tried again from its start.
    package var isSerializationFailure: Bool {
        sqlState == SQLState.serializationFailure || sqlState == SQLState.deadlockDetected
    }

    private func violates(_ state: String, _ name: String?) -> Bool {
        sqlState == state && (name == nil || constraint == name)
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String {
        let subject = statement.map { " in \($0)" } ?? ""
        let cause = constraint.map { " (constraint \($0))" } ?? ""
        return "\(code)\(subject): \(message)\(cause)"
    }

    package var debugDescription: String {
        detail.map { "\(description) [\($0)]" } ?? description
    }
}
