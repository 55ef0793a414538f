import FoundationEssentials
import Glibc

/// What an agent that was killed has left in its folder and among the processes.
enum Leftovers {
    /// The variable that tells an agent's processes: its value begins with the agent's folder.
    static let marker = "CI_WORKSPACE"

    /// Ends the processes first: they write to the workspaces.
    static func clear(_ folder: String) async throws {
        try await endProcesses(of: folder)
        for workspace in try workspaces(in: folder) { try await remove(workspace.root) }
    }

    /// Only what an agent names: the folder may be somebody's by mistake.
    static func workspaces(in folder: String) throws -> [Workspace] {
        try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { name in
            Int64(name).map { Workspace(attempt: $0, in: folder) }
        }
    }

    /// Removes a tree in which jobs may have closed folders to themselves.
    static func remove(_ path: String) async throws {
        do {
            try await Tool.run("rm", "-rf", "--", path)
        } catch {
            try await Tool.run("chmod", "-R", "u+rwX", "--", path)
            try await Tool.run("rm", "-rf", "--", path)
        }
    }

    /// Supervisors of a dead agent clear up by themselves; what is still there after a while has lost its supervisor.
    private static func endProcesses(of folder: String) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        while true {
            let processes = ProcessTable.all().filter { isMarked($0, folder: folder) }
            if processes.isEmpty { return }
            let age = clock.now - start
            if age > .seconds(10) {
                throw AgentError(.folderUnusable, "processes of a former agent do not end: \(processes)")
            }
            if age > .seconds(1) {
                for process in processes { kill(process, SIGKILL) }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func isMarked(_ process: pid_t, folder: String) -> Bool {
        guard process != getpid() else { return false }
        let prefix = Array("\(marker)=\(folder)/".utf8)
        let variables = ProcessTable.contents(of: "/proc/\(process)/environ").split(separator: 0)
        return variables.contains { $0.starts(with: prefix) }
    }
}
