import HTTPTypes
import Hummingbird
import NIOCore
import Sealing

/// Half of the SHA-256 of a body, as an entity tag (RFC 9110, 8.8.3). A strong one: it stands for the bytes. Who writes commit
/// messages chooses some of them, so a hash that can be steered would not do; on processors that know SHA-256 it takes 25 µs for
/// the 50 kB of a long list, and under 2 µs for most replies.
enum EntityTag {
    static func of(_ body: ByteBuffer) -> String {
        "\"\(Digest.sha256(body.readableBytesView).prefix(16).hex)\""
    }

    /// Whether an `If-None-Match` names the tag (RFC 9110, 13.1.2). Weak ones match too: a proxy that compresses makes them so.
    static func list(_ value: String, names tag: String) -> Bool {
        if value.trimmed == "*" { return true }
        // What stands between quotes is every second part.
        let parts = value.split(separator: "\"", omittingEmptySubsequences: false)
        let wanted = tag.dropFirst().dropLast()
        return parts.indices.contains { !$0.isMultiple(of: 2) && parts[$0] == wanted }
    }
}

extension Response {
    /// Turns a reply with a tag into 304 where the client has it already. A tag is for what was read: other methods have none.
    mutating func makeConditional(_ request: Request) {
        guard let tag = headers[.eTag], headers[.acceptRanges] == nil else { return }
        guard request.method == .get || request.method == .head else { return headers[.eTag] = nil }
        headers[.vary] = "Authorization"
        guard let value = request.headers[.ifNoneMatch], EntityTag.list(value, names: tag) else { return }
        status = .notModified
        body = ResponseBody()
        headers[.contentLength] = nil
        headers[.contentType] = nil
    }
}
