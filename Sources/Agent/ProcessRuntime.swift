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

    package func adopt(_ workspace: Workspace) async throws {
        guard let user = bubblewrap?.user else { return }
        try await Tool.run(
            "chown", "-hR", "\(user):\(user)", workspace.source, workspace.home, workspace.temporary)
    }

    package func run(_ step: StepPlan, in workspace: Workspace, output: FileDescriptor) async throws -> Int {
        guard !step.commands.isEmpty else {
            throw AgentError(.unsupported, "a plugin needs the container runtime")
        }
        let control = "\(workspace.control)/\(step.number)"
        try write(step, to: control, in: workspace)
        // A step's secrets are in there.
        defer { try? FileManager.default.removeItem(atPath: control) }
        let command =
            bubblewrap?.command(script: "start", control: control, workspace: workspace)
            ?? ["/bin/sh", control + "/start"]
        return try await launcher.run(
            command, environment: [Leftovers.marker: workspace.source, "PATH": Tool.searchPath], in: workspace.source,
            output: output, owner: bubblewrap?.user)
    }

    package func remove(_ workspace: Workspace) async throws {
        try await Leftovers.remove(workspace.root)
    }

    private func write(_ step: StepPlan, to control: String, in workspace: Workspace) throws {
        let shown = isSandboxed ? Bubblewrap.control : control
        let script = StepScript(
            commands: step.commands, environment: environment(of: step, in: workspace),
            commandsPath: shown + "/commands")
        try Workspace.makeFolder(control, mode: 0o755)
        for (name, text) in [("start", script.start), ("commands", script.commands)] {
            let path = "\(control)/\(name)"
            try Data(text.utf8).write(to: URL(filePath: path))
            // The folder above is closed to everyone else.
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        }
    }

    private func environment(of step: StepPlan, in workspace: Workspace) -> Variables {
        let source = isSandboxed ? Bubblewrap.source : workspace.source
        let defaults: Variables = [
            "PATH": isSandboxed ? Tool.standardPath : Tool.searchPath,
            "HOME": isSandboxed ? Bubblewrap.home : workspace.home,
        ]
        return defaults.merging(step.environment).merging(["CI_WORKSPACE": source, "DRONE_DIR": source])
    }
}
