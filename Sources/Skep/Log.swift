import Foundation
import Logging

/// The log of the program: to standard error.
enum Log {
    /// - Parameter level: `trace` to `critical`; nil: `info`.
    static func start(_ label: String, level: String?) throws -> Logger {
        guard let level = Logger.Level(rawValue: level ?? "info") else {
            throw SettingsError(
                message: "log.level must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        return Logger(label: label)
    }
}

/// Lines for people, on standard output, at once.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// Ends the program with one line that says what to do.
func orExplain(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let error as SettingsError {
        fail(error.message)
    }
}

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("skep: \(message)\n".utf8))
    exit(1)
}
