internal import CLibPQ

extension PostgresError {
    /// From an error result, which stays the caller's.
    init(result: OpaquePointer, statement: String) {
        func field(_ code: Character) -> String? {
            PQresultErrorField(result, Int32(code.asciiValue ?? 0)).map { String(cString: $0) }
        }
        let state = field("C")
        let primary = field("M") ?? Self.trimmed(PQresultErrorMessage(result))
        let isPublic = state.map(SQLState.hasPublicMessage) ?? false
        self.init(
            Self.code(state), isPublic ? primary : Self.condition(state), sqlState: state, constraint: field("n"),
            statement: statement,
            detail: [primary, field("D"), field("H"), field("W")].compactMap { $0 }.joined(separator: "; "))
        routine = field("R")
    }

    /// From the state of a connection. Messages about connections name hosts and users, not values; those of a
    /// connection that has worked may quote its last statement's error and stay in the detail.
    init(connection: OpaquePointer?, whileConnecting: Bool) {
        let text = Self.trimmed(PQerrorMessage(connection))
        let message = whileConnecting && !text.isEmpty ? text : "the connection to the server was lost"
        self.init(.connection, message, detail: text.isEmpty ? nil : text)
    }

    /// The server's plan or name for a prepared statement is out of date. Nothing was executed: the check precedes it.
    /// The routine is compared because the message is translated.
    var isStalePlan: Bool {
        sqlState == SQLState.unknownStatementName
            || sqlState == SQLState.featureNotSupported && routine == "RevalidateCachedQuery"
    }

    private static func code(_ state: String?) -> Code {
        guard let state else { return .connection }
        if SQLState.endsConnection(state) { return .connection }
        return state == SQLState.queryCanceled ? .timeout : .server(state)
    }

    private static func condition(_ state: String?) -> String {
        switch state?.prefix(2) {
        case "22": "a value is not valid for its type"
        case "P0": "a function raised an exception"
        case "XX": "internal error of the server"
        default: "the server refused the statement"
        }
    }

    private static func trimmed(_ text: UnsafePointer<CChar>?) -> String {
        let lines = text.map { String(cString: $0) } ?? ""
        return lines.split(whereSeparator: \.isNewline).joined(separator: "; ").replacing("\t", with: " ")
    }
}
