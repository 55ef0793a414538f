import Foundation
import Logging
import Postgres
import Sealing

/// The log of the program: to standard error.
enum Log {
    enum Format: String {
        /// Text on a terminal, else JSON.
        case auto
        /// For people.
        case text
        /// A JSON object a line.
        case json

        var isJSON: Bool { self == .json || (self == .auto && isatty(STDERR_FILENO) == 0) }
    }

    /// - Parameter level: `trace` to `critical`; nil: `info`.
    static func start(_ label: String, level: String?, format: Format = .text) throws -> Logger {
        guard let level = Logger.Level(rawValue: level ?? "info") else {
            throw SettingsError(
                message: "log.level must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        LoggingSystem.bootstrap { label in
            var handler: any LogHandler =
                format.isJSON ? JSONLogHandler(label: label) : StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return TokenlessLogHandler(handler)
        }
        return Logger(label: label)
    }
}

/// Passes everything on but tokens: paths and messages of failed requests repeat what somebody sent.
private struct TokenlessLogHandler: LogHandler {
    private var handler: any LogHandler

    init(_ handler: any LogHandler) {
        self.handler = handler
    }

    func log(event: LogEvent) {
        var event = event
        event.message = "\(Token.redacting("\(event.message)"))"
        event.metadata = event.metadata?.mapValues(Self.tokenless)
        event.error = event.error.map { Failure(description: Token.redacting("\($0)")) }
        handler.log(event: event)
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static func tokenless(_ value: Logger.Metadata.Value) -> Logger.Metadata.Value {
        switch value {
        case .string(let text): .string(Token.redacting(text))
        case .stringConvertible(let value): .string(Token.redacting("\(value)"))
        case .array(let values): .array(values.map(tokenless))
        case .dictionary(let values): .dictionary(values.mapValues(tokenless))
        }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue.map(Self.tokenless) }
    }

    var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue.mapValues(Self.tokenless) }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { handler.metadataProvider }
        set { handler.metadataProvider = newValue }
    }

    var logLevel: Logger.Level {
        get { handler.logLevel }
        set { handler.logLevel = newValue }
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
        fail(error.message, error.exitCode)
    } catch let error as PostgresError {
        let error = SettingsError(explaining: error)
        fail(error.message, error.exitCode)
    }
}

func fail(_ message: String, _ exitCode: Int32 = 1) -> Never {
    FileHandle.standardError.write(Data("skep: \(message)\n".utf8))
    exit(exitCode)
}
