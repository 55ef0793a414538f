import Subprocess
import SystemPackage
import TestSupport

/// The real program, run to its end.
struct ProgramRun {
    var exitCode: Int32
    var output: String
    var errors: String

    /// What it printed, without the end of the last line.
    var line: String { output.split(separator: "\n").joined(separator: "\n") }

    static func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> ProgramRun {
        try await run(arguments, environment: environment)
    }

    static func run(_ arguments: [String], environment: [String: String]) async throws -> ProgramRun {
        var variables: [Environment.Key: String] = [:]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .path(FilePath(TestForge.executable)), arguments: Arguments(arguments),
            environment: .inherit.updating(variables), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard case .exited(let code) = result.terminationStatus else {
            throw NotInTime(description: "\(arguments): \(result.terminationStatus)")
        }
        return ProgramRun(exitCode: code, output: result.standardOutput, errors: result.standardError)
    }
}
