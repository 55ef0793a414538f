import NIOHTTP1

/// A request to a forge's API.
struct ForgeCall: Sendable {
    var method = HTTPMethod.GET
    /// After the API's address, with a slash first and everything escaped.
    var path: String
    var accept = "application/json"
    /// JSON.
    var body: [UInt8]?
    /// Bytes of an answer at most.
    var limit = 8 << 20
    /// In place of the configured token.
    var token: String?
    /// Whether what was answered to the same question before may be kept and asked about by its ETag.
    var isKept = false

    /// GET, PUT and DELETE do the same when they are done twice (RFC 9110, 9.2.2).
    var isIdempotent: Bool { [.GET, .PUT, .DELETE].contains(method) }
}

struct ForgeReply: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    subscript(header name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var isSuccess: Bool { (200..<300).contains(status) }
}
