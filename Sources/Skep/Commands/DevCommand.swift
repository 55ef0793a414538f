import Agent
import ArgumentParser
import Builds
import EmbeddedPostgres
import Foundation
import Logging
import Postgres
import SQL
import Sealing
import ServiceLifecycle
import SystemPackage

struct DevCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Run everything on this machine: PostgreSQL, a server, an agent, and a folder to push to.",
        discussion: """
            All of it lives in the data folder; a second start goes on where the first one ended. Prints the server's address and \
            the administrator's token.
            """)

    @Option(help: "The port to listen on, on 127.0.0.1; 0 for any that is free.")
    var port = 8080

    @Option(help: "The data folder. Default: /var/lib/skep-dev for root, else ~/.local/share/skep-dev.")
    var data: String?

    @Option(help: "Jobs the agent runs at once.")
    var slots = 2

    @Option(help: "Seconds without a heartbeat after which a job is given to another agent.")
    var lease = 30

    @Option(help: "How jobs are kept apart: required, auto or off. auto uses bubblewrap where it works.")
    var sandbox = "auto"

    @OptionGroup var runtime: RuntimeOptions

    @Option(
        name: .customLong("log-level"),
        help: "trace, debug, info, notice, warning, error or critical; also SKEP_LOG_LEVEL. Default: notice.")
    var logLevel: String?

    func run() async throws {
        try await orExplain { try await start() }
    }

    private func start() async throws {
        guard let sandbox = AgentConfiguration.Sandbox(rawValue: sandbox) else {
            throw SettingsError(message: "--sandbox must be required, auto or off.")
        }
        let logger = try Log.start(
            "skep", level: logLevel ?? ProcessInfo.processInfo.environment["SKEP_LOG_LEVEL"] ?? "notice")
        let folder = try DevFolder(data ?? DevFolder.standard)
        let postgres = try await startPostgres(folder)
        let failure = await result { try await run(folder, postgres, sandbox, logger) }
        try await postgres.stop()
        try failure.get()
        say("stopped")
    }

    private func startPostgres(_ folder: DevFolder) async throws -> PostgresServer {
        do {
            let postgres = try await PostgresServer.start(in: FilePath(folder.path + "/postgres"))
            try await postgres.ensureDatabase("skep")
            return postgres
        } catch let error as EmbeddedPostgresError {
            throw SettingsError(message: error.message)
        }
    }

    private func run(
        _ folder: DevFolder, _ postgres: PostgresServer, _ sandbox: AgentConfiguration.Sandbox, _ logger: Logger
    ) async throws {
        try await prepare(postgres, logger)
        let configured = try await Settings(file: nil)
        let url = postgres.url(database: "skep", user: "skep_dev")
        let server = Server(
            database: DatabaseConfiguration(url: url), keyRing: try KeyRing(text: try folder.keyRing()),
            front: try configured.front(), logger: logger)
        let listen = Listen(host: "127.0.0.1", port: try freePort())
        var settings = Engine.Settings(publicURL: listen.url, version: Skep.version)
        settings.lease = lease
        let accounts = DevAccounts(store: server.store, folder: folder)
        let token = try await accounts.administratorToken()
        let agentToken = try await accounts.agentToken()
        let services = try await server.services(
            forges: ForgesSettings(gitRoot: folder.git), settings: settings, listen: listen
        ) { _ in
            greet(listen.url, token, folder)
        }
        var agent = AgentConfiguration(
            server: listen.url, token: agentToken, name: "dev", labels: AgentConfiguration.machineLabels, slots: slots,
            folder: folder.path + "/agent", sandbox: sandbox)
        agent.executable = Server.executable
        if let limit = try configured.agentOutputLimit { agent.outputLimit = limit }
        try runtime.apply(to: &agent, configured, unlessSaid: .process)
        let all: [any Service] = services + [AgentService(configuration: agent, logger: logger)]
        try await all.runUntilStopped(logger: logger)
    }

    /// Brings the schema up to date as its owner, and makes the login that the server works as.
    private func prepare(_ postgres: PostgresServer, _ logger: Logger) async throws {
        let url = postgres.url(database: "skep")
        _ = try await Migrator(url: url, migrations: try Migration.all(), logger: logger).run()
        let owner = Database(DatabaseConfiguration(url: url, shared: 1, leased: 1), logger: logger)
        try await owner.execute(Statement(name: "dev.login", sql: Self.login))
        await owner.close()
    }

    private static let login = """
        do $$
        begin
            if not exists (select from pg_roles where rolname = 'skep_dev') then
                create role skep_dev login in role skep_server;
            end if;
        end
        $$
        """

    private func greet(_ url: String, _ token: String, _ folder: DevFolder) {
        say("SKEP_URL=\(url)")
        say("SKEP_TOKEN=\(token)")
        say(
            """

            To build a repository:
              git init --bare \(folder.git)/octocat/hello-world.git
              curl -X POST -H "Authorization: Bearer $SKEP_TOKEN" $SKEP_URL/api/repos/octocat/hello-world
              git push \(folder.git)/octocat/hello-world.git main
            Ctrl-C stops everything; the data stay in \(folder.path).
            """)
    }

    private func freePort() throws -> Int {
        guard (0...65535).contains(port) else { throw SettingsError(message: "--port must be 0 to 65535.") }
        guard let free = PortProbe.probe(port) else {
            throw SettingsError(
                message: "Port \(port) of 127.0.0.1 is taken: stop what uses it, or choose another with --port.")
        }
        return free
    }

    private func result(_ body: () async throws -> Void) async -> Result<Void, any Error> {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}

extension Migration {
    /// All migrations of this program.
    static func all() throws -> [Migration] {
        try SQL.migrations.map { try Migration(fileName: $0.name, text: $0.sql) }
    }
}
