/// How an agent reaches its server: one request, one reply.
package protocol ServerConnection: Sendable {
    /// Throws when there is no reply. A reply of any status is not an error here.
    func send(_ call: ServerCall) async throws -> ServerReply
    /// Nothing is sent afterwards.
    func close() async throws
}

/// A POST to the server.
package struct ServerCall: Sendable {
    /// Without the server's prefix: `/agent/v1/claim`, a query included.
    package var path: String
    package var contentType = "application/json"
    package var body: [UInt8] = []
    /// The trace of the job that it is about.
    package var traceparent: String?
    /// Seconds until the caller gives up.
    package var patience: Int64 = 15
}

package struct ServerReply: Sendable {
    package var status: Int
    package var body: [UInt8]

    package init(status: Int, body: [UInt8] = []) {
        self.status = status
        self.body = body
    }
}
