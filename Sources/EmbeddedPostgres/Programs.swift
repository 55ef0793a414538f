import Subprocess
import SystemPackage

/// Runs PostgreSQL's programs to their end, as the server's user.
struct Programs: Sendable {
    let binaries: Binaries
    let account: Account

    /// Returns the standard output, up to 64 KiB.
    ///
    /// - Throws: `EmbeddedPostgresError.Code.failedProgram` with both outputs when the exit status is not 0.
    @discardableResult
    func callAsFunction(_ program: String, _ arguments: [String]) async throws -> String {
        let result = try await run(
            account.configuration(binaries.program(program), arguments),
            output: .string(limit: 65_536), error: .string(limit: 65_536))
        guard result.terminationStatus.isSuccess else {
            let said = (result.standardError + result.standardOutput).split(whereSeparator: \.isNewline)
            throw EmbeddedPostgresError(.failedProgram, "\(program) failed: \(said.joined(separator: "; "))")
        }
        return result.standardOutput
    }

    /// Removes a folder and all in it, as far as the server's user may.
    func remove(_ folder: FilePath) async throws {
        _ = try await run(
            account.configuration("/bin/rm", ["-rf", "--", folder.string]), output: .discarded, error: .discarded)
    }
}
