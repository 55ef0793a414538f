package import AgentProtocol
package import Core
import FoundationEssentials
import Glibc
package import Logging
package import SystemPackage

/// Steps as processes on this machine, in a sandbox or, where it is off, without one. Images are not looked at.
package struct ProcessRuntime: Runtime {
    private let configuration: AgentConfiguration
    private let folder: String
    private let launcher: Launcher
    private let logger: Logger
    private let bubblewrap: Bubblewrap?

    /// - Parameter folder: where workspaces are, locked by the caller.
    /// - Throws: `AgentError.sandboxUnavailable` when one is required and does not work.
    package init(configuration: AgentConfiguration, folder: String, logger: Logger) async throws {
        self.configuration = configuration
        self.folder = folder
        self.logger = logger
        launcher = Launcher(executable: configuration.executable)
        let probe = SandboxProbe(configuration: configuration, folder: folder, launcher: launcher)
        do {
            bubblewrap = configuration.sandbox == .off ? nil : try await probe.workingSandbox()
        } catch let error as AgentError where configuration.sandbox == .auto {
            bubblewrap = nil
            logger.warning(
                "jobs run without a sandbox: they can read what the agent can", metadata: ["reason": "\(error)"])
        }
    }

    package var isSandboxed: Bool { bubblewrap != nil }

    /// - Throws: `AgentError.unsupported` for a job with services.
    package func adopt(_ workspace: Workspace, for job: ClaimedJob) async throws {
        guard job.plan.services.isEmpty else {
            throw AgentError(
                .unsupported,
                "services need the container runtime: start the agent with --runtime docker where a container engine runs, or send the job to such an agent with `labels:`"
            )
        }
        guard let user = bubblewrap?.user else { return }
        try await Tool.run(
            "chown", "-hR", "\(user):\(user)", workspace.source, workspace.home, workspace.temporary)
    }

    package func run(
        _ step: StepPlan, of job: ClaimedJob, in workspace: Workspace, output: FileDescriptor
    ) async throws -> StepExit {
        guard !step.commands.isEmpty else {
            throw AgentError(.unsupported, "a plugin needs the container runtime")
        }
        let control = workspace.control(ofStep: step.number)
        try Workspace.makeFolder(control, mode: 0o755)
        // A step's secrets are in there.
        defer { try? FileManager.default.removeItem(atPath: control) }
        try script(of: step, control: control, in: workspace).write(to: control)
        let command =
            bubblewrap?.command(script: "start", control: control, workspace: workspace)
            ?? ["/bin/sh", control + "/start"]
        let code = try await launcher.run(
            command, environment: [Leftovers.marker: workspace.source, "PATH": Tool.searchPath], in: workspace.source,
            output: output, owner: bubblewrap?.user)
        return StepExit(code: code)
    }

    package func remove(_ workspace: Workspace) async throws {
        try await Leftovers.remove(workspace.root)
    }

    private func script(of step: StepPlan, control: String, in workspace: Workspace) -> StepScript {
        let shown = isSandboxed ? Workspace.Inside.control : control
        return StepScript(
            commands: step.commands, environment: environment(of: step, in: workspace),
            commandsPath: shown + "/commands")
    }

    package func close() async {}

    private func environment(of step: StepPlan, in workspace: Workspace) -> Variables {
        let source = isSandboxed ? Workspace.Inside.source : workspace.source
        let defaults: Variables = [
            "PATH": isSandboxed ? Tool.standardPath : Tool.searchPath,
            "HOME": isSandboxed ? Workspace.Inside.home : workspace.home,
        ]
        return defaults.merging(step.environment).merging(["CI_WORKSPACE": source, "DRONE_DIR": source])
    }
}
