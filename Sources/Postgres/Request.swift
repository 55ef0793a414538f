/// One statement, or one wish for a lease, on its way through the loop.
///
/// `@unchecked Sendable`: what is `let` is set before it is shared; the rest belongs to the loop's thread.
final class Request: @unchecked Sendable, Equatable {
    /// Who waits for the outcome. Each continuation is resumed once.
    enum Answer: Sendable {
        case rows(UnsafeContinuation<Rows, any Error>)
        case lease(UnsafeContinuation<Lease, any Error>)
        /// The LISTEN of a channel.
        case listening(String)
        case nobody
    }

    let statement: Statement
    let parameters: EncodedParameters
    /// Sent alone, never under a name: `begin`, `listen` and the like.
    let once: Bool

    var answer = Answer.nobody
    var lease: Lease?
    /// Its task was cancelled, before or after it was sent.
    var isCancelled = false
    /// It went out a second time, because the plan had become stale.
    var isRepeated = false
    /// Results that come before the statement's own: of PREPARE, of BEGIN.
    var preludes = 0
    var rows: Rows?
    var failure: PostgresError?

    init(_ statement: Statement, _ parameters: EncodedParameters = EncodedParameters(), once: Bool = false) {
        self.statement = statement
        self.parameters = parameters
        self.once = once
    }

    static func == (left: Request, right: Request) -> Bool { left === right }

    /// Forgets a first try.
    func reset() {
        preludes = 0
        rows = nil
        failure = nil
    }

    func fail(_ error: PostgresError) {
        var error = error
        error.statement = error.statement ?? statement.name
        switch takeAnswer() {
        case .rows(let continuation): continuation.resume(throwing: error)
        case .lease(let continuation): continuation.resume(throwing: error)
        case .listening, .nobody: break
        }
    }

    func succeed(_ rows: Rows) {
        if case .rows(let continuation) = takeAnswer() { continuation.resume(returning: rows) }
    }

    func succeed(_ lease: Lease) {
        if case .lease(let continuation) = takeAnswer() { continuation.resume(returning: lease) }
    }

    private func takeAnswer() -> Answer {
        defer { answer = .nobody }
        return answer
    }
}
