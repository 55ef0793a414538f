import AgentProtocol
import Core
import FoundationEssentials
import Glibc
import SystemPackage

/// Gets one commit into a workspace with git, outside of any sandbox.
struct Checkout {
    let instruction: CloneInstruction
    let options: CloneOptions
    let workspace: Workspace
    let launcher: Launcher
    /// What git says goes here.
    let output: FileDescriptor

    /// Returns git's exit code: 0 when the commit is checked out.
    func run() async throws -> Int {
        guard !options.isSkipped else { return 0 }
        try CloneSettings(instruction, workspace).write()
        let code = try await checkout()
        // Before anything of the job's own runs.
        try CloneSettings(instruction, workspace).remove()
        return code
    }

    private func checkout() async throws -> Int {
        let code = try await git("init", "-q", ".")
        guard code == 0 else { return code }
        try await fetch()
        let checkedOut = try await git("checkout", "-q", "--detach", "\(instruction.commit)^{commit}", "--")
        guard checkedOut == 0, options.isRecursive else { return checkedOut }
        return try await updateSubmodules()
    }

    /// The ref first, since a server may not give out commits by name; shallow first, since the commit is new as a
    /// rule. Whether it all worked shows at the checkout.
    private func fetch() async throws {
        let remote = instruction.remote
        if !instruction.ref.isEmpty {
            _ = try await git(fetching + depth + ["--", remote, instruction.ref] + tags)
            if try await hasCommit() { return }
            if access(workspace.source + "/.git/shallow", F_OK) == 0 {
                _ = try await git(fetching + ["--unshallow", "--", remote, instruction.ref])
                if try await hasCommit() { return }
            }
        }
        _ = try await git(fetching + ["--", remote, instruction.commit] + tags)
    }

    private var fetching: [String] { ["fetch", "-q", "--no-tags"] }
    private var depth: [String] { options.depth == 0 ? [] : ["--depth=\(options.depth)"] }
    private var tags: [String] { options.hasTags ? ["+refs/tags/*:refs/tags/*"] : [] }

    /// Addresses that begin with `./` are the remote's neighbours, so that the remote has to be known by name.
    ///
    /// Who wrote the addresses may be anybody: the keys and passwords in the agent's home are not for them, nor are its files.
    private func updateSubmodules() async throws -> Int {
        let code = try await git("config", "remote.origin.url", instruction.remote)
        guard code == 0 else { return code }
        let strange = ["HOME": workspace.home, "GIT_ALLOW_PROTOCOL": "http:https:git"]
        return try await git(["submodule", "--quiet", "update", "--init", "--recursive"], strange)
    }

    private func hasCommit() async throws -> Bool {
        try await git("rev-parse", "-q", "--verify", "\(instruction.commit)^{commit}") == 0
    }

    private func git(_ arguments: String...) async throws -> Int {
        try await git(arguments)
    }

    private func git(_ arguments: [String], _ changes: [String: String] = [:]) async throws -> Int {
        try Task.checkCancellation()
        return try await launcher.run(
            ["git"] + arguments, environment: environment.merging(changes) { $1 }, in: workspace.source, output: output)
    }

    private var environment: [String: String] {
        [
            "PATH": Tool.searchPath, "HOME": getenv("HOME").map { String(cString: $0) } ?? workspace.home,
            Leftovers.marker: workspace.source, "LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": CloneSettings(instruction, workspace).path,
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
        ]
    }
}
