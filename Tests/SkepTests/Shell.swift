import Subprocess
import TestSupport

enum Shell {
    /// Runs a line with bash and answers what it printed. Throws where it fails.
    @discardableResult
    static func run(_ line: String) async throws -> String {
        let result = try await Subprocess.run(
            .name("bash"), arguments: ["-o", "pipefail", "-c", line], output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        guard case .exited(0) = result.terminationStatus else {
            throw NotInTime(description: "\(line): \(result.terminationStatus), \(result.standardError)")
        }
        return result.standardOutput
    }
}
