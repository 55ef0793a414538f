import Postgres

/// How much is to be done and how full the database is, at one moment. Nothing here is counted over history.
package struct Load: Sendable {
    /// Jobs that no agent has, counted up to `Load.mostCounted`.
    package var waiting: Int
    /// Of these, those that a limit or a missing agent holds.
    package var held: Int
    /// Jobs that an agent has, counted as far.
    package var running: Int
    /// Milliseconds since the job with the lowest id was put on the queue; 0: none waits.
    package var oldestWait: Int64
    /// Repositories with deliveries to handle, counted as far.
    package var intake: Int
    /// Milliseconds by which the first of them is overdue.
    package var oldestIntake: Int64
    /// Milliseconds that the oldest row waits to be added up, by outbox.
    package var usageOutbox: Int64
    package var buildsOutbox: Int64
    /// Client connections of the whole database server.
    package var connections: Int
    package var maximumConnections: Int
    /// Of tables and indexes, as the last vacuum or analyze saw them.
    package var databaseBytes: Int64

    package static let mostCounted = 10_000
}

extension Store {
    package func load() async throws -> Load? {
        guard let row = try await session.first(.load, [.int(Load.mostCounted)]) else { return nil }
        var columns = row.columns
        return Load(
            waiting: try columns.next(), held: try columns.next(), running: try columns.next(),
            oldestWait: try columns.next(), intake: try columns.next(), oldestIntake: try columns.next(),
            usageOutbox: try columns.next(), buildsOutbox: try columns.next(), connections: try columns.next(),
            maximumConnections: try columns.next(), databaseBytes: try columns.next())
    }
}

extension Statement {
    fileprivate static let load = Statement(stored: "server.load")
}
