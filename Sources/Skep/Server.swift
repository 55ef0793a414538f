import API
import Builds
import Forge
import Foundation
import Hummingbird
import Logging
import NIOCore
import Postgres
import Queue
import SQL
import Sealing
import ServiceLifecycle
import Store
import UnixSignals

/// A server, put together: the pool first, so that it stops last.
struct Server {
    let database: Database
    let store: Store
    let wakeUps: WakeUps
    private let front: FrontSettings
    private let logger: Logger

    init(database configuration: DatabaseConfiguration, keyRing: KeyRing, front: FrontSettings, logger: Logger) {
        database = Database(configuration, logger: logger)
        store = Store(database: database, keyRing: keyRing)
        wakeUps = WakeUps(database: database, logger: logger)
        self.front = front
        self.logger = logger
    }

    /// Checks that this is the right database with the right keys, and answers what to run.
    ///
    /// - Parameter running: called with the port once requests are taken.
    func services(
        gitRoot: String?, settings: Engine.Settings, listen: Listen, running: @escaping @Sendable (Int) async -> Void
    ) async throws -> [any Service] {
        try await checkDatabase()
        let engine = Engine(
            database: database, store: store, wakeUps: wakeUps, forges: try await forges(gitRoot), settings: settings,
            logger: logger)
        try await store.makePartitions(days: 7)
        let limits = Descriptors.raise(for: front.connections, logger)
        let routes = Routes(
            engine: engine, newestMigration: SQL.migrations.count, proxies: front.proxies, limits: front.rates,
            logsAccess: front.logsRequests)
        let application = Application(
            router: routes.router(), server: .guarded(limits),
            configuration: ApplicationConfiguration(address: .hostname(listen.host, port: listen.port), backlog: 1024),
            onServerRunning: { channel in await running(channel.localAddress?.port ?? listen.port) }, logger: logger)
        return [database] + health(routes) + [wakeUps, Workers(engine: engine, logger: logger), application]
    }

    private func health(_ routes: Routes) -> [any Service] {
        front.health.map { [HealthListener(routes, host: $0.host, port: $0.port, logger: logger)] } ?? []
    }

    private func checkDatabase() async throws {
        try await ServerVersion.check(database)
        let newest: Int
        do {
            newest = try await store.newestMigration()
        } catch let error as PostgresError where error.sqlState == "42P01" {
            newest = 0
        }
        guard newest >= SQL.migrations.count else {
            throw SettingsError(
                message: "The database has migration \(newest) of \(SQL.migrations.count): run `skep migrate` first.")
        }
        do {
            try await store.checkKeyRing()
        } catch SealingError.wrongKey(let id) {
            throw SettingsError(
                message:
                    "The key \(id) of the key ring is not the one this database was sealed with. Use the right key ring."
            )
        } catch SealingError.unknownKey(let id) {
            throw SettingsError(
                message:
                    "The key ring has no key \(id), and there are secrets sealed with it. Add the key again; `skep key list` shows its use."
            )
        }
    }

    private func forges(_ gitRoot: String?) async throws -> Forges {
        guard let gitRoot else { return Forges([]) }
        let id = try await store.ensureForge(name: "git", kind: "git", url: gitRoot, isDefault: true)
        let client = GitForge(root: gitRoot, executable: Self.executable, logger: logger)
        return Forges([Forges.Entry(id: id, name: "git", kind: "git", isDefault: true, client: client)])
    }

    /// The path of this program.
    static var executable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}

extension Array where Element == any Service {
    /// Runs until SIGTERM or SIGINT, then stops in reverse order, in `bound` at most.
    func runUntilStopped(within bound: Duration = .seconds(30), logger: Logger) async throws {
        var configuration = ServiceGroupConfiguration(
            services: map {
                .init(
                    service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = bound
        try await ServiceGroup(configuration: configuration).run()
    }
}
