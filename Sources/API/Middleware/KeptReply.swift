import Core
import HTTPTypes
import Hummingbird
import NIOCore
import Store

extension KeptReply {
    /// Reads the whole body.
    init(_ response: Response) async throws {
        var headers = Variables()
        for field in response.headers where !Self.made.contains(field.name) {
            headers[field.name.rawName] = field.value
        }
        let collector = Collector()
        try await response.body.write(collector)
        self.init(status: response.status.code, headers: headers, body: Array(buffer: collector.buffer))
    }

    /// The reply to a repetition.
    var repeated: Response {
        var fields = HTTPFields()
        for header in headers {
            guard let name = HTTPField.Name(header.name) else { continue }
            fields[name] = header.value
        }
        fields[.idempotencyReplayed] = "true"
        return Response(
            status: HTTPResponse.Status(code: status), headers: fields,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    /// Made anew for each reply.
    private static let made: Set<HTTPField.Name> = [.contentLength, .date]
}

/// Holds what is written. Used by one task.
private final class Collector: ResponseBodyWriter {
    private(set) var buffer = ByteBuffer()

    func write(_ buffer: ByteBuffer) async throws {
        self.buffer.writeImmutableBuffer(buffer)
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
