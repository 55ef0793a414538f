package import Logging
import ServiceLifecycle

/// A pool of connections to one database.
///
/// Short single statements share a few pipelined connections; transactions and long reads lease one of a second set.
/// It works from its making on and connects at first use; `run` is for closing it with the rest of the server. Errors
/// are `PostgresError`s, except those that the closures given to it throw.
package final class Database: Service, Sendable {
    /// How long work in hand may take after a graceful shutdown has begun.
    private static let closingTime = Duration.seconds(10)

    let loop: Loop

    package init(_ configuration: DatabaseConfiguration, logger: Logger) {
        loop = Loop(configuration, logger: logger)
    }

    deinit {
        loop.tell(.close(within: .zero))
    }

    /// Opens the shared connections and runs until graceful shutdown, then waits for the work in hand, 10 s at the
    /// most. When the task is cancelled, it drops the work. The database stays closed afterwards.
    package func run() async throws {
        loop.tell(.start)
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await loop.untilClosed()
            } onGracefulShutdown: { [loop] in
                loop.tell(.close(within: Self.closingTime))
            }
        } onCancel: {
            loop.tell(.close(within: .zero))
        }
    }

    /// Takes nothing new, waits for the work in hand, and returns when all connections are closed.
    package func close(within bound: Duration = closingTime) async {
        loop.tell(.close(within: bound))
        await loop.untilClosed()
    }

    /// The rows of a short statement, on a shared connection, as a transaction of its own.
    ///
    /// A cancelled task stops waiting; its statement may still happen. A statement that must be followed by another
    /// on the same connection, or that may take long, belongs in `transaction` or `lease`.
    package func query(_ statement: Statement, _ parameters: [Parameter] = []) async throws -> Rows {
        let encoded = try EncodedParameters(parameters, statement: statement.name)
        return try await loop.rows(Request(statement, encoded))
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

    /// The pool at this moment.
    package var statistics: PoolStatistics { loop.statistics }
}
