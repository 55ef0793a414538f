package import API
package import Builds
import Core
import Forge
import Hummingbird
package import Logging
import Postgres
import Queue
import SQL
package import Sealing
import ServiceLifecycle
import Store

/// What stands between the network and the routes of a test's server.
package struct TestFront: Sendable {
    package var proxies = TrustedProxies.none
    /// Without limits, unless a test sets them.
    package var rates = RateLimits.Settings()
    package var connections = ConnectionLimits()
    package var logsAccess = false

    package init() {
        rates.requests = 0
        rates.anonymous = 0
        rates.failures = 0
        rates.hooks = 0
    }
}

/// Runs a server on a new migrated database for as long as `body` takes.
///
/// - Parameters:
///   - workers: whether it handles deliveries and rescues jobs by itself.
///   - ring: the text of its key ring; nil: one of its own.
///   - tune: changes its settings.
package func withServer(
    workers: Bool = true, lease: Int = 30, ring: String? = nil, front: TestFront = TestFront(),
    logger: Logger = .silent, tune: (inout Engine.Settings) -> Void = { _ in },
    _ body: (TestServer) async throws -> Void
) async throws {
    var settings = Engine.Settings(publicURL: "", version: "test")
    settings.lease = lease
    tune(&settings)
    try await withMigratedDatabase(logger: logger) { url, database in
        try await TestForge.withForge { forge in
            let ring = try KeyRing(text: ring ?? KeyRing.generate(id: "test"))
            let place = Place(
                url: url, database: database, keyRing: ring, forge: forge, front: front, logger: logger)
            try await RunningServer.start(place, settings, workers: workers, rootToken: nil).run(body)
        }
    }
}

extension TestServer {
    /// Runs another server on the same database and repositories for as long as `body` takes, as a second machine would.
    ///
    /// - Parameter keyRing: its own; nil: the same as this server's.
    package func withAnother(
        keyRing: KeyRing? = nil, workers: Bool = false, _ body: (TestServer) async throws -> Void
    ) async throws {
        try await withPool(databaseURL) { database in
            let place = Place(
                url: databaseURL, database: database, keyRing: keyRing ?? self.keyRing, forge: git, front: TestFront(),
                logger: .silent)
            let running = try await RunningServer.start(
                place, engine.settings, workers: workers, rootToken: rootToken)
            try await running.run(body)
        }
    }
}

/// What a server runs on.
private struct Place {
    var url: String
    var database: Database
    var keyRing: KeyRing
    var forge: TestForge
    var front: TestFront
    var logger: Logger
}

private struct RunningServer {
    var server: TestServer
    var task: Task<Void, any Error>

    func run(_ body: (TestServer) async throws -> Void) async throws {
        let result: Result<Void, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        task.cancel()
        _ = await task.result
        try result.get()
    }

    static func start(_ place: Place, _ settings: Engine.Settings, workers: Bool, rootToken: String?) async throws
        -> RunningServer
    {
        // The hooks want the address before the port is known: a free one is chosen first.
        let port = try FreePort.find()
        let engine = try await engine(place, settings, port)
        let routes = Routes(
            engine: engine, newestMigration: SQL.migrations.count, proxies: place.front.proxies,
            limits: place.front.rates, logsAccess: place.front.logsAccess)
        let (runs, running) = AsyncStream.makeStream(of: Void.self)
        let application = Application(
            router: routes.router(), server: .guarded(place.front.connections),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { _ in running.yield() }, logger: place.logger)
        let healthPort = try FreePort.find()
        let (healthy, isHealthy) = AsyncStream.makeStream(of: Void.self)
        let health = HealthListener(routes, host: "127.0.0.1", port: healthPort, logger: place.logger) {
            isHealthy.yield()
        }
        var services: [any Service] = [health, engine.wakeUps]
        if workers { services.append(Workers(engine: engine, logger: place.logger)) }
        services.append(application)
        let group = ServiceGroup(services: services, logger: place.logger)
        let task = Task { try await group.run() }
        for await _ in runs { break }
        for await _ in healthy { break }
        let token: String
        if let rootToken { token = rootToken } else { token = try await makeRoot(engine) }
        let server = TestServer(
            url: engine.settings.publicURL, healthURL: "http://127.0.0.1:\(healthPort)", engine: engine,
            database: place.database, databaseURL: place.url, keyRing: place.keyRing, git: place.forge,
            rootToken: token, group: group, routes: routes)
        return RunningServer(server: server, task: task)
    }

    private static func engine(_ place: Place, _ settings: Engine.Settings, _ port: Int) async throws -> Engine {
        let store = Store(database: place.database, keyRing: place.keyRing)
        try await store.checkKeyRing()
        let wakeUps = WakeUps(database: place.database, logger: place.logger)
        let id = try await store.ensureForge(name: "git", kind: "git", url: place.forge.root, isDefault: true)
        let client = GitForge(root: place.forge.root, executable: TestForge.executable, logger: place.logger)
        let forges = Forges([Forges.Entry(id: id, name: "git", kind: "git", isDefault: true, client: client)])
        var settings = settings
        settings.publicURL = "http://127.0.0.1:\(port)"
        return Engine(
            database: place.database, store: store, wakeUps: wakeUps, forges: forges, settings: settings,
            logger: place.logger)
    }

    private static func makeRoot(_ engine: Engine) async throws -> String {
        let root = try await engine.createUser(NewUser(login: "root", email: "root@example.com", admin: true))
        let token = Token.generate()
        _ = try await engine.store.createToken(userID: root.id, name: "test", hash: token.hash)
        return token.text
    }
}
