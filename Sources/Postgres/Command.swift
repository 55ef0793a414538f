/// What the loop can be told to do.
enum Command: Sendable {
    /// A statement for a shared connection.
    case statement(Request, Request.Answer)
    /// A statement on a leased one.
    case leased(Request, Request.Answer, Lease)
    case lease(Request, Request.Answer)
    case endLease(Lease, UnsafeContinuation<Void, Never>?)
    case cancel(Request)
    /// A helper thread has opened the connection of a slot, or failed to.
    case connected(Int, Result<OpenConnection, PostgresError>)
    /// A cancel request has reached the server, or got lost.
    case cancelSent(Link)
    case subscribe(Subscription)
    case unsubscribe(Subscription)
    case start
    case close(within: Duration)
    case whenClosed(UnsafeContinuation<Void, Never>)

    /// Tells whoever waits that the loop has ended.
    func refuse() {
        switch self {
        case .statement(let request, let answer), .leased(let request, let answer, _), .lease(let request, let answer):
            request.answer = answer
            request.fail(.databaseClosed)
        case .endLease(_, let continuation): continuation?.resume()
        case .whenClosed(let continuation): continuation.resume()
        case .connected(_, .success(let connection)): connection.finish()
        case .subscribe(let subscription): subscription.continuation.finish()
        case .connected, .cancel, .cancelSent, .unsubscribe, .start, .close: break
        }
    }
}

extension PostgresError {
    static let databaseClosed = PostgresError(.closed, "the database is closed")
}
