package import Logging

/// Brings a schema up to date and keeps a record of how, in the table `skep_migrations`.
///
/// Any number of processes may do so at the same time: each migration is applied once. A migration and its record are
/// one transaction. Errors are `PostgresError`s; with code `.migration` when record and migrations disagree.
package struct Migrator: Sendable {
    private let connector: Connector
    private let migrations: [Migration]
    private let logger: Logger

    /// `url` must lead to the server itself or to a proxy that leaves a transaction on its connection.
    package init(url: String, migrations: [Migration], logger: Logger) {
        connector = Connector(url: url, applicationName: "skep migrate", statementTimeout: nil)
        self.migrations = migrations
        self.logger = logger
    }

    /// What `run` would apply. Changes nothing.
    package func plan() async throws -> [Migration] {
        try await onThread { try $0.plan() }
    }

    /// Nothing is left to apply.
    package func isCurrent() async throws -> Bool {
        try await plan().isEmpty
    }

    /// Applies what is missing, in order, and returns what this process applied. Waits while another process applies.
    /// A cancelled task stops between two migrations.
    @discardableResult
    package func run() async throws -> [Migration] {
        try await onThread { try $0.run() }
    }

    private func onThread<T: Sendable>(_ body: @escaping @Sendable (MigrationRun) throws -> T) async throws -> T {
        let stop = StopFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                HelperThread.run {
                    continuation.resume(
                        with: Result { try body(MigrationRun(connector, migrations, logger, stop)) })
                }
            }
        } onCancel: {
            stop.set()
        }
    }
}
