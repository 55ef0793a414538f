package import Postgres
import SQL
package import Sealing

/// The tables, as nouns. Its methods run single statements, or take part in the transaction it was made for.
package struct Store: Sendable {
    let session: any Session
    private let database: Database?
    private let replica: Replica?
    /// On a standby, where nothing can be written.
    let isStandby: Bool
    /// What secrets at rest are sealed with.
    package let keyRing: KeyRing

    /// - Parameter replica: a standby that takes some of the reading.
    package init(database: Database, keyRing: KeyRing, replica: Replica? = nil) {
        self.session = database
        self.database = database
        self.replica = replica
        self.isStandby = false
        self.keyRing = keyRing
    }

    private init(session: any Session, keyRing: KeyRing, isStandby: Bool = false) {
        self.session = session
        self.database = nil
        self.replica = nil
        self.isStandby = isStandby
        self.keyRing = keyRing
    }

    /// The standby, while it is new enough. Inside a transaction there is none.
    var standby: Store? {
        guard let replica, replica.isFresh else { return nil }
        return Store(session: replica.database, keyRing: keyRing, isStandby: true)
    }

    /// Runs `body` in one transaction, which rolls back when it throws. Inside one already, it is part of that.
    package func transaction<T: Sendable>(_ body: @Sendable (Store, any Session) async throws -> T) async throws -> T {
        guard let database else { return try await body(self, session) }
        if let claim = KeyClaim.current, !claim.isCommitted { return try await transaction(for: claim, database, body) }
        return try await database.transaction { connection in
            try await body(Store(session: connection, keyRing: keyRing), connection)
        }
    }

    /// With what is to be known when the same request comes again.
    private func transaction<T: Sendable>(
        for claim: KeyClaim, _ database: Database, _ body: @Sendable (Store, any Session) async throws -> T
    ) async throws -> T {
        let (value, hasReply) = try await database.transaction { connection in
            let store = Store(session: connection, keyRing: keyRing)
            let value = try await body(store, connection)
            let reply = try await claim.reply(to: value)
            try await store.commit(claim, reply)
            return (value, reply != nil)
        }
        claim.committed(withReply: hasReply)
        return value
    }

    /// nil: in a transaction.
    package var poolStatistics: PoolStatistics? { database?.statistics }

    /// Makes the daily partitions of today and the `days - 1` days after it, where missing.
    package func makePartitions(days: Int) async throws {
        _ = try await session.first(.makePartitions, [.int(days)])
    }

    /// The number of the newest migration the database has.
    package func newestMigration() async throws -> Int {
        guard let row = try await session.first(.newestMigration, []) else { return 0 }
        var columns = row.columns
        return try columns.next()
    }
}

extension Statement {
    /// A query of the SQL target by its name.
    package init(stored name: String) {
        self.init(name: name, sql: SQL.query(name))
    }

    fileprivate static let makePartitions = Statement(stored: "server.make_partitions")
    fileprivate static let newestMigration = Statement(stored: "server.migrations")
}
