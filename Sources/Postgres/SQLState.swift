/// The SQLSTATEs this module decides by (PostgreSQL documentation, appendix A).
package enum SQLState {
    package static let uniqueViolation = "23505"
    package static let foreignKeyViolation = "23503"
    package static let checkViolation = "23514"
    package static let serializationFailure = "40001"
    package static let deadlockDetected = "40P01"
    package static let lockNotAvailable = "55P03"
    package static let queryCanceled = "57014"
    static let failedTransaction = "25P02"
    static let unknownStatementName = "26000"
    static let featureNotSupported = "0A000"

    /// The session is over, or never began: connection exceptions, shutdowns, idle timeouts.
    static func endsConnection(_ state: String) -> Bool {
        state.hasPrefix("08") || ["57P01", "57P02", "57P03", "57P04", "57P05", "25P03"].contains(state)
    }

    /// The primary message of these classes names objects and conditions; that of others may quote values.
    static func hasPublicMessage(_ state: String) -> Bool {
        ["08", "0A", "23", "25", "26", "28", "3D", "40", "42", "53", "54", "55", "57"].contains(state.prefix(2))
    }
}
