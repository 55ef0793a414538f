import Glibc
import Subprocess
import SystemPackage

/// Small programs of the system that the agent uses on its own files.
enum Tool {
    /// - Throws: `AgentError.system` with what the program wrote.
    static func run(_ name: String, _ arguments: String...) async throws {
        let result = try await Subprocess.run(
            .name(name), arguments: Arguments(arguments), output: .discarded, error: .string(limit: 64 << 10))
        guard result.terminationStatus.isSuccess else {
            throw AgentError(.system, "\(name) failed: \(result.standardError)")
        }
    }

    /// Where a program is found in `path`, a list as in `PATH`.
    static func find(_ name: String, in path: String = searchPath) -> String? {
        path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// The agent's own `PATH`.
    static var searchPath: String {
        getenv("PATH").map { String(cString: $0) } ?? standardPath
    }

    static let standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}
