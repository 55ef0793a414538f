import Synchronization

/// The right of one request to its `Idempotency-Key`.
///
/// Set around the request's handling, it makes the first transaction of a `Store` note in itself that the change was made, and
/// what is answered: a server that dies right afterwards has done both or neither.
package final class KeyClaim: Sendable {
    @TaskLocal package static var current: KeyClaim?

    package typealias Render = @Sendable (any Sendable) async throws -> KeptReply?

    private struct State: Sendable {
        var render: Render?
        var isCommitted = false
        var hasReply = false
    }

    let userID: Int64
    let key: String
    let at: Int64
    private let state = Mutex(State())

    init(userID: Int64, key: String, at: Int64) {
        self.userID = userID
        self.key = key
        self.at = at
    }

    /// A transaction has noted the change.
    var isCommitted: Bool { state.withLock { $0.isCommitted } }

    /// The reply is kept together with the change.
    package var hasReply: Bool { state.withLock { $0.hasReply } }

    /// Says how what a transaction makes is answered; nil from it: that is something else.
    package func answer(with render: @escaping Render) {
        state.withLock { $0.render = render }
    }

    func reply(to value: any Sendable) async throws -> KeptReply? {
        try await state.withLock { $0.render }?(value)
    }

    func committed(withReply: Bool) {
        state.withLock { state in
            state.isCommitted = true
            state.hasReply = withReply
        }
    }
}
