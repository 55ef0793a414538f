import API
import ArgumentParser
import AsyncHTTPClient
import Builds
import Forge
import Foundation
import Hummingbird
import Logging
import NIOHTTP1
import Postgres
import Queue
import Sealing
import Store

struct RoutesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "routes", abstract: "List every route of the API.")

    /// The router's own list. Nothing connects before the first statement.
    private static var routes: [(method: String, path: String)] {
        get throws {
            let logger = Logger(label: "skep")
            let database = Database(DatabaseConfiguration(url: ""), logger: logger)
            let engine = Engine(
                database: database,
                store: Store(database: database, keyRing: try KeyRing(text: KeyRing.generate(id: "none"))),
                wakeUps: WakeUps(database: database, logger: logger), forges: Forges([]),
                settings: Engine.Settings(publicURL: "", version: Skep.version), logger: logger)
            return Routes.list(in: Routes(engine: engine, newestMigration: 0).router())
        }
    }

    func run() throws {
        for route in try Self.routes.sorted(by: { ($0.path, $0.method) < ($1.path, $1.method) }) {
            say(route.method.padding(toLength: 7, withPad: " ", startingAt: 0) + route.path)
        }
    }
}

struct HealthCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck", abstract: "Ask the server of this machine whether it is ready; for containers.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        try await orExplain {
            let settings = try await options.settings()
            var listen = try settings.front().health ?? settings.listen
            if listen.host == "0.0.0.0" || listen.host == "::" { listen.host = "127.0.0.1" }
            let request = HTTPClientRequest(url: listen.url + "/readyz")
            let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(3))
            guard response?.status == .ok else {
                throw SettingsError(message: "The server at \(listen.url) is not ready.")
            }
        }
    }
}

/// What the hook of a plain-git repository runs.
struct DeliverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "deliver", shouldDisplay: false)

    @Argument var gitDir: String

    func run() async throws {
        throw ExitCode(await SpoolDelivery.run(gitDir: gitDir))
    }
}

/// A bare route, for scripts/bench to compare with.
struct PlainServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "plain-server", shouldDisplay: false)

    @Option var port = 8081

    func run() async throws {
        let router = Router()
        router.get("/plain") { request, _ in
            let length = request.uri.queryParameters["bytes"].flatMap { Int($0) } ?? 300
            return Response(
                status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(repeating: 0x20, count: min(max(length, 0), 1 << 20))))
        }
        var application = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)))
        application.logger.logLevel = .error
        try await application.runService()
    }
}
