import Logging

/// Decides where an agent's jobs run, after what a dead predecessor has left is gone.
struct RuntimeChoice {
    let configuration: AgentConfiguration
    let folder: String
    let logger: Logger

    /// - Throws: `AgentError` when the runtime that is asked for does not work here.
    func make() async throws -> any Runtime {
        let engine = try await engine()
        do {
            if let engine { try await clearContainers(engine) }
            try await Leftovers.clear(folder)
            if let engine, configuration.runtime != .process {
                return try await ContainerRuntime(
                    engine: engine, settings: configuration.containers, folder: folder, logger: logger)
            }
        } catch {
            try? await engine?.close()
            throw error
        }
        try? await engine?.close()
        let runtime = try await ProcessRuntime(configuration: configuration, folder: folder, logger: logger)
        logger.notice("jobs run as processes", metadata: ["sandboxed": "\(runtime.isSandboxed)"])
        return runtime
    }

    /// nil: none is needed, or none is there and it may be so.
    private func engine() async throws -> EngineClient? {
        let address = configuration.containers.address
        if configuration.runtime == .process, AgentIdentity.existing(in: folder) == nil { return nil }
        do {
            return try await EngineClient.connect(to: address, streams: 4 * configuration.slots)
        } catch let error as AgentError {
            switch configuration.runtime {
            case .docker: throw error
            case .auto: logger.notice("no container engine is used", metadata: ["reason": "\(error)"])
            case .process:
                logger.warning(
                    "containers of a former agent cannot be looked for", metadata: ["reason": "\(error)"])
            }
            return nil
        }
    }

    private func clearContainers(_ engine: EngineClient) async throws {
        guard let agent = AgentIdentity.existing(in: folder) else { return }
        try await EngineSweep(engine: engine, labels: JobNames.labels(agent: agent)).run()
        let opener = WorkspaceOpener(engine: engine, settings: configuration.containers, folder: folder)
        for workspace in try Leftovers.workspaces(in: folder) { await opener.open(workspace) }
    }
}
