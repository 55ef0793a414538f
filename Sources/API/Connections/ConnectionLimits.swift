package import NIOCore

/// What one connection may take of the server, and how many there may be.
package struct ConnectionLimits: Sendable {
    /// Open at once. One more is answered 503 and closed.
    package var connections = 20_000
    /// From the first byte of a request to the end of its head.
    package var head = TimeAmount.seconds(10)
    /// For a body, and beyond that a second for each `bytesPerSecond` of it that have come.
    package var body = TimeAmount.seconds(30)
    package var bytesPerSecond = 64 << 10
    /// Without any of a reply being taken.
    package var write = TimeAmount.seconds(30)
    /// Between requests.
    package var idle = TimeAmount.seconds(75)
    /// For what is left of a body that nobody wants any more, once its request is answered.
    package var linger = TimeAmount.seconds(5)
    /// How long a connection without a request stays open when the server stops. What comes on it in that time is answered, with
    /// `Connection: close`: a proxy may be writing at the moment the server would close.
    package var drain = TimeAmount.zero
    /// Bytes of a request's head, and half of that for one field.
    package var headBytes = 32 << 10
    /// Fields of a request's head.
    package var headFields = 100

    package init() {}

    /// When a body must be there of which so much has come.
    func deadline(since start: NIODeadline, bytes: Int) -> NIODeadline {
        start + body + .nanoseconds(Int64(bytes) * 1_000_000_000 / Int64(max(bytesPerSecond, 1)))
    }
}
