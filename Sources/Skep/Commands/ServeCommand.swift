import API
import ArgumentParser
import Builds
import Logging
import NIOCore
import Postgres
import Sealing

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run a server. Any number of them share one database.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        try await orExplain { try await serve() }
    }

    private func serve() async throws {
        let settings = try await options.settings()
        let logger = try Log.start("skep", level: settings.logLevel, format: settings.logFormat)
        let listen = try settings.listen
        let ring = try settings.ring()
        try requireOwnKeys(ring)
        var front = try settings.front()
        front.connections.drain = .seconds(Int64(try settings.drain))
        let server = Server(
            database: try settings.database(as: "skep serve"), replica: try settings.replica(), keyRing: ring,
            front: front, logger: logger)
        var engine = Engine.Settings(publicURL: settings.publicURL ?? listen.url, version: Skep.version)
        engine.lease = try settings.lease
        let forges = try settings.forges(publicURL: engine.publicURL)
        let services = try await server.services(forges: forges, settings: engine, listen: listen) { port in
            logger.notice("ready", metadata: ["host": "\(listen.host)", "port": "\(port)"])
        }
        do {
            try await services.runUntilStopped(logger: logger)
        } catch {
            let addresses = [("listen", listen)] + (front.health.map { [("health.listen", $0)] } ?? [])
            throw SettingsError(explaining: error, listeningOn: addresses) ?? error
        }
    }

    /// A key out of an example or of `skep dev` is no secret.
    private func requireOwnKeys(_ ring: KeyRing) throws {
        guard !ring.keyIDs.contains(DevFolder.keyID) else {
            throw SettingsError(
                message:
                    "The key ring has the key \(DevFolder.keyID), which `skep dev` made: make one for this server with `skep key generate`."
            )
        }
        do {
            try ring.requireRandomKeys()
        } catch {
            throw SettingsError(message: "The key ring cannot be used: \(error)")
        }
    }
}

struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .long, help: "The configuration file (YAML); also SKEP_CONFIG. Environment variables SKEP_… win over it.")
    var config: String?

    func settings() async throws -> Settings {
        try await Settings(file: config)
    }
}

extension Settings {
    /// - Parameter name: the application_name of its connections, unless the connection string has one.
    /// - Parameter forReports: where reports are read, if that is said apart.
    func database(as name: String, forReports: Bool = false) throws -> DatabaseConfiguration {
        DatabaseConfiguration(
            url: try (forReports ? databaseReportURL : nil) ?? databaseURL, directURL: try databaseDirectURL,
            named: try preparesStatements,
            applicationName: name)
    }

    func replica() throws -> ReplicaSettings? {
        guard let url = try databaseReplicaURL else { return nil }
        return ReplicaSettings(
            database: DatabaseConfiguration(
                url: url, shared: 2, leased: 1, named: try preparesStatements, applicationName: "skep serve"),
            bound: .seconds(try databaseReplicaLag))
    }

    func ring() throws -> KeyRing {
        do {
            return try KeyRing(text: try keyRing)
        } catch let error as SealingError {
            throw SettingsError(message: "The key ring cannot be used: \(error)")
        }
    }
}
