import Core
import FoundationEssentials
import Glibc
import SystemPackage

/// Finds out whether bubblewrap works here, by running it: being installed says nothing.
struct SandboxProbe {
    let configuration: AgentConfiguration
    let folder: String
    let launcher: Launcher

    /// - Throws: `AgentError.sandboxUnavailable` with what stood in the way.
    func workingSandbox() async throws -> Bubblewrap {
        guard let program = Tool.find("bwrap") else {
            throw AgentError(.sandboxUnavailable, "bubblewrap (bwrap) is not installed")
        }
        let user = geteuid() == 0 ? configuration.jobsUser : nil
        if user != nil, Tool.find("setpriv", in: Tool.standardPath) == nil {
            throw AgentError(.sandboxUnavailable, "setpriv (util-linux) is not installed, which a root agent needs")
        }
        let bubblewrap = Bubblewrap(
            program: program, user: user, readable: configuration.readable, network: configuration.network)
        try await check(bubblewrap)
        return bubblewrap
    }

    private func check(_ bubblewrap: Bubblewrap) async throws {
        // Attempts have positive numbers.
        let workspace = Workspace(attempt: 0, in: folder)
        try workspace.create()
        let code: Int
        let output: String
        do {
            (code, output) = try await run(bubblewrap, in: workspace)
            try await Leftovers.remove(workspace.root)
        } catch {
            try? await Leftovers.remove(workspace.root)
            throw error
        }
        guard code == 0 else {
            throw AgentError(.sandboxUnavailable, "bubblewrap does not work here (exit code \(code)): \(output)")
        }
    }

    private func run(_ bubblewrap: Bubblewrap, in workspace: Workspace) async throws -> (Int, String) {
        try Data("exec /bin/sh -c :\n".utf8).write(to: URL(filePath: workspace.control + "/start"))
        let log = try JobLog(path: workspace.log)
        let code = try await launcher.run(
            bubblewrap.command(script: "start", control: workspace.control, workspace: workspace),
            environment: ["PATH": Tool.searchPath], in: workspace.source, output: log.descriptor)
        let output = try log.slice(from: 0, limit: 1000)?.bytes ?? []
        return (code, String(decoding: output, as: UTF8.self))
    }
}
