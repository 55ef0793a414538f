import Foundation
import Glibc
import Synchronization
import TestSupport

/// One running `skep`, whatever its role.
final class Program: Sendable {
    private let process: Mutex<Process>

    /// - Parameter log: a file that exists; what the program says is added to it.
    init(_ arguments: [String], environment: [String: String], log: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: TestForge.executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = FileHandle(forWritingAtPath: log)
        try output?.seekToEnd()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = Mutex(process)
    }

    /// `kill -9`; returns when it is gone.
    func killHard() async throws {
        let identifier = process.withLock { $0.processIdentifier }
        kill(identifier, SIGKILL)
        try await eventually(timeout: .seconds(180)) { self.process.withLock { !$0.isRunning } }
    }
}
