import FoundationEssentials
import Subprocess
import SystemPackage

/// The `git` program, run without a shell, without the configuration of any user, and never for longer than `limit`.
struct GitProgram: Sendable {
    /// A name to be found in `PATH`, or an absolute path.
    var name: String
    var limit: Duration = .seconds(20)

    struct Output: Sendable {
        /// The exit code; nil where a signal ended it.
        var code: Int32?
        var bytes: [UInt8]
        /// What it said on standard error.
        var complaint: String
    }

    /// - Parameter outputLimit: bytes of output; more is `ForgeError.tooLarge`.
    func run(
        _ arguments: [String], gitDir: String, input: String = "", outputLimit: Int
    ) async throws -> Output {
        let all = ["-c", "safe.directory=*", "-c", "core.fsmonitor=false", "--git-dir", gitDir] + arguments
        do {
            return try await withDeadline(limit) { try await start(all, input: input, outputLimit: outputLimit) }
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            throw ForgeError(.tooLarge, "git printed more than \(outputLimit) bytes")
        } catch let error as SubprocessError {
            throw ForgeError(.system, "could not run git", detail: "\(error)")
        } catch is DeadlineExceeded {
            throw ForgeError(.timeout, "git took longer than \(limit)", detail: all.joined(separator: " "))
        }
    }

    private func start(_ arguments: [String], input: String, outputLimit: Int) async throws -> Output {
        let result = try await Subprocess.run(
            name.contains("/") ? .path(FilePath(name)) : .name(name),
            arguments: Arguments(arguments),
            environment: .custom(Self.environment),
            input: .fileDescriptor(try Self.pipe(holding: input), closeAfterSpawningProcess: true),
            output: .bytes(limit: outputLimit),
            error: .bytes(limit: 1 << 20)
        )
        var code: Int32?
        if case .exited(let value) = result.terminationStatus { code = value }
        return Output(
            code: code, bytes: result.standardOutput, complaint: String(decoding: result.standardError, as: UTF8.self))
    }

    /// The reading end of a pipe that has all of the input, which is far less than a pipe holds. Subprocess would write it while
    /// git runs, and ends this whole process when git does not wait to be told.
    private static func pipe(holding input: String) throws -> FileDescriptor {
        let (reading, writing) = try FileDescriptor.pipe()
        defer { try? writing.close() }
        do {
            try writing.writeAll(input.utf8)
        } catch {
            try? reading.close()
            throw error
        }
        return reading
    }

    /// Nothing of the server's own environment goes to git: the configuration of a user must not change an answer.
    private static let environment: [Environment.Key: String] = [
        "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
    ]
}
