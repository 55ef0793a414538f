import HTTPTypes
import NIOCore
import NIOHTTP1

/// The reply to what never becomes a request: in the form that all errors have, and the last on its connection.
struct BareReply {
    private let status: HTTPResponseStatus
    private let retryAfter: Int?
    private let id = RequestID.next()
    private let body: ByteBuffer

    init(_ status: HTTPResponseStatus, _ code: String, _ message: String, retryAfter: Int? = nil) {
        self.status = status
        self.retryAfter = retryAfter
        var json = JSONWriter(capacity: 160)
        json.error(code, message, requestID: id)
        body = json.buffer
    }

    var parts: [HTTPServerResponsePart] {
        [
            .head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)), .body(.byteBuffer(body)),
            .end(nil),
        ]
    }

    private var headers: HTTPHeaders {
        var headers: HTTPHeaders = [
            "Content-Type": "application/json; charset=utf-8", "Content-Length": "\(body.readableBytes)",
            "Connection": "close", "Cache-Control": "no-store", "X-Request-Id": id,
        ]
        for field in ReplyHeaders.always { headers.add(name: field.name.rawName, value: field.value) }
        if let retryAfter { headers.add(name: "Retry-After", value: "\(retryAfter)") }
        return headers
    }
}

extension HTTPParserError {
    /// What a client that sent such a request is told.
    var reply: BareReply {
        self == .headerOverflow
            ? BareReply(
                .requestHeaderFieldsTooLarge, "head_too_large",
                "The head of the request is larger than this server takes.")
            : BareReply(.badRequest, "invalid", "This is no request of HTTP/1.1.")
    }
}
