/// Where statements run: the pool, or one leased connection of it.
package protocol Session: Sendable {
    func query(_ statement: Statement, _ parameters: [Parameter]) async throws -> Rows
    /// The first row, if there is one.
    func first(_ statement: Statement, _ parameters: [Parameter]) async throws -> Row?
    /// How many rows it changed.
    func execute(_ statement: Statement, _ parameters: [Parameter]) async throws -> Int
}

extension Database: Session {}
extension Connection: Session {}
