import Foundation
import Subprocess
import SystemPackage
import Testing

enum Shell {
    /// What the script wrote; it must succeed.
    static func run(_ script: String, in folder: String) async throws -> String {
        let result = try await Subprocess.run(
            .path("/bin/sh"), arguments: ["-c", script], workingDirectory: FilePath(folder),
            output: .string(limit: 64 << 20))
        try #require(result.terminationStatus.isSuccess, "\(script)")
        return result.standardOutput
    }

    /// Whether a process runs that has `word` among its arguments.
    static func isRunning(_ word: String) -> Bool {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.filter { Int($0) != nil }.contains { process in
            let file = FileHandle(forReadingAtPath: "/proc/\(process)/cmdline")
            let arguments = (try? file?.readToEnd()) ?? Data()
            return arguments.split(separator: 0).contains { $0.elementsEqual(word.utf8) }
        }
    }
}
