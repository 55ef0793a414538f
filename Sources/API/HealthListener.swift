import Hummingbird
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// `/healthz`, `/readyz` and `/metrics` on a port and a thread of their own, which answer however busy the main port is.
package struct HealthListener: Service {
    private let routes: Routes
    private let host: String
    private let port: Int
    private let logger: Logger
    private let running: @Sendable () async -> Void

    /// - Parameter running: called once requests are taken.
    package init(
        _ routes: Routes, host: String, port: Int, logger: Logger, running: @escaping @Sendable () async -> Void = {}
    ) {
        self.routes = routes
        self.host = host
        self.port = port
        self.logger = logger
        self.running = running
    }

    package func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let running = running
        let application = Application(
            router: routes.healthRouter(), server: .guarded(Self.limits),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { _ in await running() }, eventLoopGroupProvider: .shared(group), logger: logger)
        let result: Result<Void, any Error>
        do { result = .success(try await application.run()) } catch { result = .failure(error) }
        try await group.shutdownGracefully()
        try result.get()
    }

    private static var limits: ConnectionLimits {
        var limits = ConnectionLimits()
        limits.connections = 100
        return limits
    }
}
