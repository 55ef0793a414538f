package import Logging
import ServiceLifecycle
import Synchronization

/// A streaming standby of the database, for reads that may be a little old. `run` looks once a second how old.
package final class Replica: Service, Sendable {
    /// For reads. Anything else fails there.
    package let database: Database
    private let primary: Database
    private let bound: Duration
    private let logger: Logger
    private let freshness = Mutex(Freshness())
    private static let pause = Duration.seconds(1)

    /// - Parameter bound: how much older than the primary it may be and still be used.
    package init(_ database: Database, of primary: Database, bound: Duration, logger: Logger) {
        self.database = database
        self.primary = primary
        self.bound = bound
        self.logger = logger
    }

    /// Whether it has everything that was committed longer ago than the bound. False where that cannot be told: before the first
    /// look, when it does not answer, was promoted, or belongs to another primary.
    package var isFresh: Bool {
        freshness.withLock { $0.isNew(within: bound, .now) }
    }

    /// Looks, once a second, until graceful shutdown. A standby that cannot be asked is only not used.
    package func run() async throws {
        var wasFresh = false
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            await look()
            if isFresh != wasFresh {
                wasFresh.toggle()
                logger.notice(wasFresh ? "reading from the replica" : "the replica is too old and not used")
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.pause) }
        }
    }

    /// Asks the primary where it is, and then the standby how far it has come.
    package func look() async {
        let began = ContinuousClock.now
        do {
            guard let here = try await primary.first(.primaryPosition) else { return }
            var primary = here.columns
            let system: Int64 = try primary.next()
            let position: Int64 = try primary.next()
            guard let there = try await database.first(.standbyPosition) else { return }
            var standby = there.columns
            let isStandby: Bool = try standby.next()
            let itsSystem: Int64 = try standby.next()
            let replayed: Int64 = try standby.next()
            freshness.withLock { freshness in
                guard isStandby, itsSystem == system else { return freshness.distrust() }
                freshness.primary(isAt: position, began)
                freshness.standby(hasReplayed: replayed)
                freshness.forget(before: began - bound)
            }
        } catch {
            logger.debug("the replica could not be looked at", metadata: ["error": "\(error)"])
        }
    }
}

extension Statement {
    /// Which database this is, and up to where its WAL is written. Fails on a standby.
    fileprivate static let primaryPosition = Statement(
        name: "replica.primary",
        sql: """
            select /* replica.primary */ system_identifier, (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint
            from pg_control_system()
            """)

    fileprivate static let standbyPosition = Statement(
        name: "replica.standby",
        sql: """
            select /* replica.standby */ pg_is_in_recovery(), system_identifier,
                coalesce((pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint, 0)
            from pg_control_system()
            """)
}
