import AgentProtocol
package import Logging
import ServiceLifecycle

/// An agent: claims jobs, runs up to `slots` of them at once, and tells the server how they go.
///
/// Asked to shut down gracefully it claims no more, gives running jobs `drain` seconds to end, kills the others and
/// hands them back, so that another agent gets them. A cancelled task does that without the wait.
package struct AgentService: Service {
    private let configuration: AgentConfiguration
    private let connection: (any ServerConnection)?
    private let logger: Logger

    package init(configuration: AgentConfiguration, logger: Logger) {
        self.init(configuration: configuration, connection: nil, logger: logger)
    }

    /// - Parameter connection: used, and closed, instead of one made from `configuration`.
    package init(configuration: AgentConfiguration, connection: (any ServerConnection)?, logger: Logger) {
        self.configuration = configuration
        self.connection = connection
        self.logger = logger
    }

    /// - Throws: `AgentError` when the agent cannot work here, or its server cannot work with it.
    package func run() async throws {
        let folder = try AgentFolder(configuration.folder)
        let runtime = try await RuntimeChoice(configuration: configuration, folder: folder.path, logger: logger).make()
        let connection =
            try connection
            ?? HTTPServerConnection(
                server: configuration.server, token: configuration.token, slots: configuration.slots)
        let intake = Intake(
            configuration: configuration, client: ServerClient(connection: connection), runtime: runtime,
            folder: folder.path, logger: logger)
        let refusal = await intake.run()
        await runtime.close()
        try? await connection.close()
        withExtendedLifetime(folder) {}
        if let refusal { throw refusal }
    }
}
