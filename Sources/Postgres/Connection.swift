/// A connection of one's own, inside `Database.transaction` or `Database.lease` and not longer.
///
/// Statements run in the order in which they are asked for. When the task is cancelled, the server is asked to stop the
/// statement under way.
package struct Connection: Sendable {
    let loop: Loop
    let lease: Lease

    /// The rows of a statement.
    package func query(_ statement: Statement, _ parameters: [Parameter] = []) async throws -> Rows {
        let encoded = try EncodedParameters(parameters, statement: statement.name)
        lease.use()
        do {
            return try await loop.rows(Request(statement, encoded), on: lease)
        } catch {
            lease.note(error)
            throw error
        }
    }

    /// Its first row, if it has one.
    package func first(_ statement: Statement, _ parameters: [Parameter] = []) async throws -> Row? {
        try await query(statement, parameters).first
    }

    /// How many rows it returned, inserted, updated or deleted.
    @discardableResult
    package func execute(_ statement: Statement, _ parameters: [Parameter] = []) async throws -> Int {
        try await query(statement, parameters).affected
    }
}
