internal import Glibc
import Logging

/// One look at, or one walk through, a schema's migrations. Blocks its thread.
///
/// Only one process applies at a time: each step begins by taking an advisory lock that its own transaction holds. The
/// lock is tried, not waited for: a waiting statement has a snapshot, for which CREATE INDEX CONCURRENTLY would wait
/// in its turn, and the two would never end.
final class MigrationRun {
    /// Of the lock: "skep" and "migr" in ASCII.
    private static let lock: Int64 = 0x736B_6570_6D69_6772
    private static let lockTries = 5

    private let connector: Connector
    private let session: PlainSession
    private let migrations: [Migration]
    private let history: MigrationHistory
    private let logger: Logger
    private let stop: StopFlag

    init(_ connector: Connector, _ migrations: [Migration], _ logger: Logger, _ stop: StopFlag) throws {
        self.connector = connector
        self.migrations = migrations
        self.logger = logger
        self.stop = stop
        session = try PlainSession(connector)
        history = try MigrationHistory(migrations, checksums: Self.checksums(session, migrations))
    }

    /// What is missing. Changes nothing.
    func plan() throws -> [Migration] {
        let records = try records()
        if history.isAhead(records) { logger.warning("the schema is newer than this program") }
        return try history.pending(records)
    }

    /// Applies what is missing, and returns it.
    func run() throws -> [Migration] {
        let pending = try plan()
        if pending.isEmpty { return [] }
        try createTable()
        return try pending.filter(apply)
    }

    private static func checksums(_ session: PlainSession, _ migrations: [Migration]) throws -> [String] {
        let statement = Statement(
            name: "migrations.checksums",
            sql: """
                select /* migrations.checksums */ encode(sha256(convert_to(text, 'UTF8')), 'hex')
                from unnest($1::text[]) with ordinality as given (text, place)
                order by place
                """)
        return try session.query(statement, [.texts(migrations.map(\.sql))]).map { try $0.decode(at: 0) }
    }

    private func records() throws -> [MigrationHistory.Record] {
        let exists = Statement(
            name: "migrations.exist", sql: "select /* migrations.exist */ to_regclass('skep_migrations') is not null")
        guard try session.query(exists).first?.decode(at: 0) ?? false else { return [] }
        let statement = Statement(
            name: "migrations.list",
            sql: "select /* migrations.list */ number, name, checksum from skep_migrations order by number")
        return try session.query(statement).map { row in
            var c = row.columns
            return MigrationHistory.Record(number: try c.next(), name: try c.next(), checksum: try c.next())
        }
    }

    private func createTable() throws {
        try locked {
            try session.run(
                """
                create table if not exists skep_migrations (
                    number bigint constraint migrations_are_numbered primary key,
                    name text not null,
                    checksum text not null,
                    applied_at timestamptz not null default clock_timestamp()
                );
                comment on table skep_migrations is 'The migrations that made this schema.';
                comment on column skep_migrations.number is 'Migrations are applied in this order.';
                comment on column skep_migrations.name is 'What the migration is about, from its file name.';
                comment on column skep_migrations.checksum is 'SHA-256 of its text, hexadecimal.';
                comment on column skep_migrations.applied_at is 'When it was applied.';
                """, name: "migrations.create")
        }
    }

    /// True when this process applied it, false when another one had. A lock that a table's readers do not give up in
    /// time is tried for again: waiting for it holds up everybody else who wants the table.
    private func apply(_ migration: Migration) throws -> Bool {
        for attempt in 1... {
            do {
                return try locked { try applyLocked(migration) }
            } catch let error as PostgresError where error.sqlState == SQLState.lockNotAvailable {
                guard attempt < Self.lockTries else { throw error }
                logger.notice("migration waits for a lock", metadata: metadata(migration))
                try pause(milliseconds: 500 * attempt)
            }
        }
        return false
    }

    private func applyLocked(_ migration: Migration) throws -> Bool {
        guard try history.pending(records()).contains(migration) else { return false }
        if migration.inTransaction {
            try session.run("set local lock_timeout = '5s'", name: "migrations.limit")
            try session.run(migration.sql, name: title(migration))
            guard session.isInTransaction else {
                throw PostgresError(.migration, "the migration ended its transaction", statement: title(migration))
            }
        } else {
            try runOutside(migration)
        }
        try record(migration)
        logger.info("migration applied", metadata: metadata(migration))
        return true
    }

    /// On a second connection, while the first one's transaction goes on holding the lock. Without a lock timeout:
    /// a CREATE INDEX CONCURRENTLY that gives up leaves an invalid index behind, and while it waits, nobody waits for it.
    private func runOutside(_ migration: Migration) throws {
        // The last query's unnamed portal holds a snapshot until the simple protocol replaces it.
        try session.run("set local lock_timeout = 0", name: "migrations.unlimit")
        let outside = try PlainSession(connector)
        try outside.run("set statement_timeout = 0", name: "migrations.unlimit")
        for statement in SQLScript.statements(of: migration.sql) {
            try outside.run(statement, name: title(migration))
        }
    }

    private func record(_ migration: Migration) throws {
        let statement = Statement(
            name: "migrations.record", sql: "insert into skep_migrations (number, name, checksum) values ($1, $2, $3)")
        _ = try session.query(
            statement, [.int(migration.number), .text(migration.name), .text(history.checksum(of: migration))])
    }

    /// Runs `body` in a transaction that holds the lock.
    private func locked<R>(_ body: () throws -> R) throws -> R {
        while try !takeLock() {
            try session.run("rollback", name: "rollback")
            try pause(milliseconds: 200)
        }
        do {
            let value = try body()
            try session.run("commit", name: "commit")
            return value
        } catch {
            try? session.run("rollback", name: "rollback")
            throw error
        }
    }

    private func takeLock() throws -> Bool {
        if stop.isSet { throw PostgresError.taskCancelled }
        try session.run(
            """
            begin;
            set local statement_timeout = 0;
            set local idle_in_transaction_session_timeout = 0;
            """, name: "begin")
        let statement = Statement(
            name: "migrations.lock", sql: "select /* migrations.lock */ pg_try_advisory_xact_lock($1)")
        return try session.query(statement, [.int(Self.lock)]).first?.decode(at: 0) ?? false
    }

    private func pause(milliseconds: Int) throws {
        if stop.isSet { throw PostgresError.taskCancelled }
        usleep(UInt32(Double(milliseconds) * 1000 * .random(in: 0.5..<1)))
    }

    private func title(_ migration: Migration) -> String { "migration \(migration.number) \(migration.name)" }

    private func metadata(_ migration: Migration) -> Logger.Metadata {
        ["migration.number": "\(migration.number)", "migration.name": "\(migration.name)"]
    }
}
