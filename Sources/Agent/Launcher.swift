import Glibc
import Subprocess
import SystemPackage

/// Starts programs so that nothing of them is left behind, whoever dies first.
struct Launcher: Sendable {
    /// See `AgentConfiguration.executable`.
    let executable: String

    /// Runs a program under a supervisor of its own, its standard input empty, its output and errors appended to
    /// `output`.
    ///
    /// Output stays in the pipe while the task's valve says so.
    ///
    /// Ends when the program has ended and all it had started is gone. When the task is cancelled that is at once.
    /// - Parameters:
    ///   - environment: all of it. Never a job's own: the supervisor runs as the agent.
    ///   - owner: the user that may open its output by name (`/dev/stderr`), when that is not the agent's.
    /// - Returns: its exit code, 128 and the signal's number if a signal ended it.
    func run(
        _ command: [String], environment: [String: String], in folder: String, output: FileDescriptor,
        owner: UInt32? = nil
    ) async throws -> Int {
        let lifeline = try Lifeline()
        let valve = Valve.current
        valve?.attach(lifeline, output: output)
        defer { valve?.detach(lifeline) }
        let arguments = ["supervise"] + (owner.map { ["--owner", "\($0)"] } ?? []) + ["--"] + command
        // A task of its own: a cancelled `Subprocess.run` would kill the supervisor before it has cleared up.
        let program = Task {
            try await start(
                arguments, environment: environment, in: folder, input: lifeline.supervisorEnd, output: output)
        }
        let status = try await withTaskCancellationHandler {
            try await program.value
        } onCancel: {
            lifeline.cut()
        }
        return status
    }

    private func start(
        _ arguments: [String], environment: [String: String], in folder: String, input: FileDescriptor,
        output: FileDescriptor
    ) async throws -> Int {
        var environment = environment
        // Where the supervisor, which is this same program, finds its libraries.
        environment["LD_LIBRARY_PATH"] = getenv("LD_LIBRARY_PATH").map { String(cString: $0) }
        var options = PlatformOptions()
        // Ctrl-C on the agent's terminal is the agent's business.
        options.createSession = true
        let result = try await Subprocess.run(
            .path(FilePath(executable)),
            arguments: Arguments(arguments),
            // Raw entries are handed on as C strings: without the NUL they end somewhere else.
            environment: .custom(environment.map { Array("\($0.key)=\($0.value)\0".utf8) }),
            workingDirectory: FilePath(folder),
            platformOptions: options,
            input: .fileDescriptor(input, closeAfterSpawningProcess: true),
            output: .fileDescriptor(output, closeAfterSpawningProcess: false),
            error: .fileDescriptor(output, closeAfterSpawningProcess: false))
        switch result.terminationStatus {
        case .exited(let code): return Int(code)
        case .signaled(let signal): return 128 + Int(signal)
        }
    }
}
