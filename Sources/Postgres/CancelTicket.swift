internal import CLibPQ

/// What a cancel request needs to know of a connection.
///
/// `@unchecked Sendable`: a copy of libpq's, made to be used on another thread (documentation, 34.7).
struct CancelTicket: @unchecked Sendable {
    private let cancel: OpaquePointer

    init?(_ connection: OpaquePointer) {
        guard let cancel = PQgetCancel(connection) else { return nil }
        self.cancel = cancel
    }

    /// Returns when the server has taken note. Best effort: nobody can learn whether it came in time.
    func send() {
        var message = [CChar](repeating: 0, count: 256)
        _ = PQcancel(cancel, &message, Int32(message.count))
        PQfreeCancel(cancel)
    }
}
