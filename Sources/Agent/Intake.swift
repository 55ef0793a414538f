import AgentProtocol
import Logging
import ServiceLifecycle

/// An agent's slots: each asks for a job, runs it, and asks again.
struct Intake: Sendable {
    let configuration: AgentConfiguration
    let client: ServerClient
    let runtime: any Runtime
    let folder: String
    let logger: Logger
    private let running = RunningJobs()

    init(
        configuration: AgentConfiguration, client: ServerClient, runtime: any Runtime, folder: String, logger: Logger
    ) {
        self.configuration = configuration
        self.client = client
        self.runtime = runtime
        self.folder = folder
        self.logger = logger
    }

    /// Returns when the agent is to stop and no job is left, or with the server's refusal to work with it.
    func run() async -> AgentError? {
        let end = Task { try await self.drain() }
        defer { end.cancel() }
        return await withTaskGroup(of: AgentError?.self) { group in
            for _ in 0..<max(configuration.slots, 1) { group.addTask { await fillSlot() } }
            return await group.reduce(nil) { $0 ?? $1 }
        }
    }

    private func drain() async throws {
        try await gracefulShutdown()
        try await Task.sleep(for: .seconds(configuration.drain))
        running.drain()
    }

    private func fillSlot() async -> AgentError? {
        var backoff = Backoff()
        while !isStopping {
            do {
                let job = try await cancelWhenGracefulShutdown { try await client.claim(request) }
                backoff = Backoff()
                if let job, !isStopping { await run(job) }
            } catch ServerFault.versionRefused(let message) {
                return AgentError(.versionRefused, "the server does not work with this agent's version: \(message)")
            } catch {
                await pause(after: error, &backoff)
            }
        }
        return nil
    }

    private var isStopping: Bool { Task.isCancelled || Task.isShuttingDownGracefully }

    private var request: ClaimRequest {
        ClaimRequest(
            agent: configuration.name, labels: configuration.labels, slots: configuration.slots,
            wait: configuration.pollWait)
    }

    private func pause(after error: any Error, _ backoff: inout Backoff) async {
        if isStopping { return }
        var length = backoff.next()
        if case ServerFault.unauthorized = error {
            logger.error("the server refuses the agent's token", metadata: ["agent.name": "\(configuration.name)"])
            length = .seconds(30)
        } else {
            logger.warning("cannot claim a job", metadata: ["reason": "\(error)"])
        }
        let pause = length
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
    }

    private func run(_ job: ClaimedJob) async {
        let stop = StopSignal()
        running.add(stop)
        defer { running.remove(stop) }
        var logger = logger
        logger[metadataKey: "job"] = "\(job.repo)/\(job.build)/\(job.job)"
        logger[metadataKey: "attempt.id"] = "\(job.attemptID)"
        let launcher = Launcher(executable: configuration.executable)
        let run = JobRun(
            job: job, attempt: client.attempt(job.attemptID, trace: job.traceparent), runtime: runtime,
            launcher: launcher,
            configuration: configuration, folder: folder, stop: stop, logger: logger)
        await run.run()
    }
}
