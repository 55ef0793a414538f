package import AgentProtocol
package import Core
import FoundationEssentials
package import Logging
package import SystemPackage

/// Steps as containers of an engine, each of its own image, on one workspace.
///
/// All that is made carries the agent's and the job's labels, so that it is found whatever dies in between.
package struct ContainerRuntime: Runtime {
    private let engine: EngineClient
    private let settings: ContainerSettings
    private let folder: String
    private let agent: String
    private let network: JobNetwork.Kind
    private let info: EngineInfo

    /// - Parameter folder: where workspaces are, locked by the caller.
    package init(engine: EngineClient, settings: ContainerSettings, folder: String, logger: Logger) async throws {
        self.engine = engine
        self.settings = settings
        self.folder = folder
        agent = try AgentIdentity.establish(in: folder)
        info = try await engine.info()
        try settings.check(info)
        let (kind, reason) = try await JobNetwork.Kind.probe(engine, settings.networking, agent: agent)
        network = kind
        var metadata: Logger.Metadata = [
            "engine.address": "\(engine.address)", "engine.version": "\(engine.version)", "network": "\(kind)",
        ]
        if let reason { metadata["network.reason"] = "\(reason)" }
        logger.notice("jobs run in containers", metadata: metadata)
    }

    package func adopt(_ workspace: Workspace, for job: ClaimedJob) async throws {
        // Images have users of all numbers. The folder above keeps everybody else out.
        try await Tool.run("chmod", "-R", "a+rwX", workspace.source, workspace.home, workspace.temporary)
        let settings = Data("[safe]\n\tdirectory = *\n".utf8)
        try settings.write(to: URL(filePath: workspace.home + "/.gitconfig"))
        try await start(job, in: workspace)
    }

    /// The network and the services.
    private func start(_ job: ClaimedJob, in workspace: Workspace) async throws {
        let network = jobNetwork(workspace)
        let image = job.plan.steps.first { !$0.image.isEmpty }?.image ?? ""
        try Data(image.utf8).write(to: URL(filePath: workspace.image))
        if network.kind == .shared, !job.plan.services.isEmpty { try await images.provide(image, policy: nil) }
        try await Task { try await network.create(for: job, image: image) }.value
        try await services(network).start(for: job)
    }

    package func run(
        _ step: StepPlan, of job: ClaimedJob, in workspace: Workspace, output: FileDescriptor
    ) async throws -> StepExit {
        guard !step.image.isEmpty else {
            throw AgentError(
                .unsupported, "the step \(step.name) has no image, and this agent runs containers: add `image:`")
        }
        try await images.provide(step.image, policy: step.pull)
        let control = workspace.control(ofStep: step.number)
        try Workspace.makeFolder(control, mode: 0o755)
        // A step's secrets are in there.
        defer { try? FileManager.default.removeItem(atPath: control) }
        try script(of: step).write(to: control)
        let network = jobNetwork(workspace)
        var spec = spec(of: step, job, workspace, network)
        if !job.plan.services.isEmpty { spec.host.extraHosts = try await services(network).hosts() }
        let run = ContainerRun(engine: engine, spec: spec, name: network.names.step(step.number), output: output)
        let state: ContainerState
        do {
            state = try await run.run()
        } catch let fault as EngineFault {
            throw failure(of: step, fault)
        }
        var exit = StepExit(code: state.exitCode)
        if state.exitCode == 0 { return exit }
        if state.wasOutOfMemory { exit.remarks.append(outOfMemory) }
        exit.remarks += try await services(network).failures()
        return exit
    }

    package func remove(_ workspace: Workspace) async throws {
        let sweep = EngineSweep(engine: engine, labels: jobNetwork(workspace).names.labels)
        let result: Result<Void, any Error>
        do { result = .success(try await sweep.run()) } catch { result = .failure(error) }
        await WorkspaceOpener(engine: engine, settings: settings, folder: folder).open(workspace)
        try await Leftovers.remove(workspace.root)
        try result.get()
    }

    package func close() async {
        try? await engine.close()
    }

    private var images: Images { Images(engine: engine, settings: settings) }

    private func services(_ network: JobNetwork) -> JobServices {
        JobServices(engine: engine, images: images, network: network, settings: settings)
    }

    private func jobNetwork(_ workspace: Workspace) -> JobNetwork {
        JobNetwork(engine: engine, kind: network, names: JobNames(agent: agent, attempt: workspace.attempt))
    }

    private var outOfMemory: String {
        let limit = settings.memory.map { " (limit \(ByteSize(bytes: $0)))" } ?? ""
        return "killed: out of memory\(limit)"
    }
}

extension ContainerRuntime {
    /// Variables go into the script, where there is one, and not into the container's settings, which the engine shows to whoever asks.
    private func script(of step: StepPlan) -> StepScript {
        StepScript(
            commands: step.commands, environment: environment(of: step),
            commandsPath: Workspace.Inside.control + "/commands")
    }

    private func environment(of step: StepPlan) -> Variables {
        let home: Variables = ["HOME": Workspace.Inside.home]
        let workspace: Variables = ["CI_WORKSPACE": Workspace.Inside.source, "DRONE_DIR": Workspace.Inside.source]
        return home.merging(step.environment).merging(workspace)
    }

    private func spec(
        of step: StepPlan, _ job: ClaimedJob, _ workspace: Workspace, _ network: JobNetwork
    ) -> ContainerSpec {
        var spec = ContainerSpec(image: step.image)
        if step.commands.isEmpty {
            // A plugin: the image's own program, which nothing but the container's settings can tell its variables.
            spec.environment = environment(of: step).map { "\($0.name)=\($0.value)" }
        } else {
            spec.entrypoint = ["/bin/sh", "-c"]
            // One pipe for both outputs: with two, the engine would mix their order. A shell in front, because the first
            // process of a container is deaf to signals from inside; what it has to say of the other's end is not the step's.
            let start = "exec /bin/sh \(Workspace.Inside.control)/start 2>&1"
            spec.command = ["exec 2>/dev/null; /bin/sh -c '\(start)'; exit $?"]
        }
        spec.workingFolder = Workspace.Inside.source
        spec.labels = network.names.labels.merging(job.label) { $1 }.merging([JobNames.role: "step"]) { $1 }
        spec.host.mounts = settings.mounts(of: workspace, control: workspace.control(ofStep: step.number), in: folder)
        spec.host.networkMode = network.mode(of: job)
        spec.host.hasInit = !(info.initProgram ?? "").isEmpty
        settings.limit(&spec.host)
        ContainerRights.grant(&spec.host, isTrusted: job.plan.trusted, isPrivileged: step.privileged)
        return spec
    }

    private func failure(of step: StepPlan, _ fault: EngineFault) -> AgentError {
        let advice =
            fault.message.contains("bind source path does not exist")
            ? "; the engine's host must see the agent's folder \(folder): by the same path, or as agent.engine_folder says"
            : ""
        return AgentError(.system, "the container of the step \(step.name) cannot be run: \(fault.message)\(advice)")
    }
}
