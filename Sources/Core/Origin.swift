/// Which request something is done for. Set around each request of the API; nil where nobody asked.
package struct Origin: Sendable, Hashable {
    /// What the reply has as `X-Request-Id`.
    package var requestID: String
    /// The client's address.
    package var address: String

    package init(requestID: String, address: String) {
        self.requestID = requestID
        self.address = address
    }

    @TaskLocal package static var current: Origin?
}
