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
    private let replica: Replica?
    private let front: FrontSettings
    private let logger: Logger

    init(
        database configuration: DatabaseConfiguration, replica: ReplicaSettings? = nil, keyRing: KeyRing,
        front: FrontSettings, logger: Logger
    ) {
        let database = Database(configuration, logger: logger)
        self.database = database
        self.replica = replica.map {
            Replica(Database($0.database, logger: logger), of: database, bound: $0.bound, logger: logger)
        }
        store = Store(database: database, keyRing: keyRing, replica: self.replica)
        wakeUps = WakeUps(database: database, logger: logger)
        self.front = front
        self.logger = logger
    }

    /// Checks that this is the right database with the right keys, and answers what to run.
    ///
    /// - Parameter running: called with the port once requests are taken.
    func services(
        forges configured: ForgesSettings, settings: Engine.Settings, listen: Listen,
        running: @escaping @Sendable (Int) async -> Void
    ) async throws -> [any Service] {
        try await checkDatabase()
        let engine = Engine(
            database: database, store: store, wakeUps: wakeUps, forges: try await forges(configured),
            settings: settings, logger: logger)
        try await store.makePartitions(days: 7)
        let limits = Descriptors.raise(for: front.connections, logger)
        let routes = Routes(
            engine: engine, newestMigration: SQL.migrations.count, proxies: front.proxies, limits: front.rates,
            logsAccess: front.logsRequests)
        let application = Application(
            router: routes.router(), server: .guarded(limits),
            configuration: ApplicationConfiguration(address: .hostname(listen.host, port: listen.port), backlog: 1024),
            onServerRunning: { channel in await running(channel.localAddress?.port ?? listen.port) }, logger: logger)
        return [database] + standby + health(routes) + [wakeUps, Workers(engine: engine, logger: logger), application]
    }

    private var standby: [any Service] {
        replica.map { [$0.database, $0] } ?? []
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

    private func forges(_ configured: ForgesSettings) async throws -> Forges {
        var entries: [Forges.Entry] = []
        if let root = configured.gitRoot {
            let isDefault = configured.defaultName == "git"
            let client = GitForge(
                root: root, executable: Self.executable, forge: isDefault ? nil : "git", logger: logger)
            entries.append(try await entry("git", kind: "git", url: root, isDefault: isDefault, client))
        }
        for forge in configured.hosted {
            entries.append(
                try await entry(
                    forge.name, kind: forge.kind.rawValue, url: forge.address.url,
                    isDefault: forge.name == configured.defaultName, try forge.client(logger: logger)))
        }
        return Forges(entries)
    }

    /// Names of repositories begin with that of their forge, and follow its kind: neither can change later.
    private func entry(
        _ name: String, kind: String, url: String, isDefault: Bool, _ client: any ForgeClient
    ) async throws -> Forges.Entry {
        let id: Int64
        do {
            id = try await store.ensureForge(name: name, kind: kind, url: url, isDefault: isDefault)
        } catch let error as PostgresError where error.isUniqueViolation() {
            throw SettingsError(message: "forges.default cannot be \(name): this database has another default forge.")
        }
        guard let known = try await store.findForge(name), known.kind == kind,
            try await store.findForge(nil)?.name == name || !isDefault
        else {
            throw SettingsError(
                message:
                    "The forge \(name) is in this database with another kind, or is not its default.")
        }
        return Forges.Entry(id: id, name: name, kind: kind, isDefault: isDefault, client: client)
    }

    /// The path of this program.
    static var executable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}

/// A standby, and how old it may be.
struct ReplicaSettings: Sendable {
    var database: DatabaseConfiguration
    var bound: Duration
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
