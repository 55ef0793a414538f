import Core
import Foundation
import Logging

/// One JSON object a line, on standard error: `time`, `level`, `logger`, `message`, then the metadata by its names.
struct JSONLogHandler: LogHandler {
    let label: String
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel = Logger.Level.info

    init(label: String) {
        self.label = label
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var metadata = metadata
        metadata.merge(metadataProvider?.get() ?? [:]) { $1 }
        metadata.merge(event.metadata ?? [:]) { $1 }
        if let error = event.error { metadata["error"] = "\(error)" }
        let time = Date().formatted(.iso8601.time(includingFractionalSeconds: true))
        let fields = metadata.sorted { $0.key < $1.key }.map { "\($0.key.asJSON):\(Self.json($0.value))" }
        let first = [
            "\"time\":\(time.asJSON)", "\"level\":\(event.level.rawValue.asJSON)", "\"logger\":\(label.asJSON)",
            "\"message\":\("\(event.message)".asJSON)",
        ]
        // One write a line, so that lines of several threads do not mix.
        FileHandle.standardError.write(Data("{\((first + fields).joined(separator: ","))}\n".utf8))
    }

    private static func json(_ value: Logger.Metadata.Value) -> String {
        switch value {
        case .string(let text): text.asJSON
        case .stringConvertible(let value as any FixedWidthInteger): "\(value)"
        case .stringConvertible(let value): "\(value)".asJSON
        case .array(let values): "[\(values.map(json).joined(separator: ","))]"
        case .dictionary(let fields):
            "{\(fields.sorted { $0.key < $1.key }.map { "\($0.key.asJSON):\(json($0.value))" }.joined(separator: ","))}"
        }
    }
}
