import AgentProtocol
import FoundationEssentials
import Glibc
import SystemPackage

/// Gets one commit into a workspace with git, outside of any sandbox.
struct Checkout {
    let instruction: CloneInstruction
    let workspace: Workspace
    let launcher: Launcher
    /// What git says goes here.
    let output: FileDescriptor

    private static let depth = "--depth=50"

    /// Returns git's exit code: 0 when the commit is checked out.
    func run() async throws -> Int {
        try writeConfiguration()
        let code = try await git("init", "-q", ".")
        guard code == 0 else { return code }
        try await fetch()
        return try await git("checkout", "-q", "--detach", "\(instruction.commit)^{commit}", "--")
    }

    /// The ref first, since a server may not give out commits by name; shallow first, since the commit is new as a
    /// rule. Whether it all worked shows at the checkout.
    private func fetch() async throws {
        let attempts = [
            [Self.depth, "--", instruction.remote, instruction.ref],
            ["--", instruction.remote, instruction.commit],
        ]
        if !instruction.ref.isEmpty {
            _ = try await git(["fetch", "-q", "--no-tags"] + attempts[0])
            if try await hasCommit() { return }
            if access(workspace.source + "/.git/shallow", F_OK) == 0 {
                _ = try await git("fetch", "-q", "--no-tags", "--unshallow", "--", instruction.remote, instruction.ref)
                if try await hasCommit() { return }
            }
        }
        _ = try await git(["fetch", "-q", "--no-tags"] + attempts[1])
    }

    private func hasCommit() async throws -> Bool {
        try await git("rev-parse", "-q", "--verify", "\(instruction.commit)^{commit}") == 0
    }

    private func git(_ arguments: String...) async throws -> Int {
        try await git(arguments)
    }

    private func git(_ arguments: [String]) async throws -> Int {
        try Task.checkCancellation()
        return try await launcher.run(
            ["git"] + arguments, environment: environment, in: workspace.source, output: output)
    }

    private var configuration: String { workspace.control + "/gitconfig" }

    /// A file, because the git that serves a local remote does not hear of settings given in variables.
    private func writeConfiguration() throws {
        try Data("[safe]\n\tdirectory = *\n".utf8).write(to: URL(filePath: configuration))
    }

    private var environment: [String: String] {
        [
            "PATH": Tool.searchPath, "HOME": getenv("HOME").map { String(cString: $0) } ?? workspace.home,
            Leftovers.marker: workspace.source, "LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": configuration, "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
        ]
    }
}
