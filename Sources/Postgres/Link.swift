internal import CLibPQ

/// A connection in pipeline mode, driven by the loop: statements go out one behind the other, each with its own SYNC,
/// so that an error harms no other; their results come back in the same order.
///
/// `@unchecked Sendable`: used on the loop's thread only; other threads merely carry it in commands.
final class Link: @unchecked Sendable {
    /// Beyond so many names the statements go unnamed: texts put together at run time must not fill the server's memory.
    private static let mostNames = 1000

    let slot: Int
    let token: UInt64
    let descriptor: Int32
    private let connection: OpaquePointer
    private let named: Bool

    private(set) var inFlight = Ring<Request>()
    private var names: [Statement: Int] = [:]
    private var lastName = 0
    /// Something was sent since the last flush.
    var isDirty = false
    /// The poller waits for room to write.
    var waitsToWrite = false
    private(set) var isBroken = false
    /// The last words of the server.
    private(set) var failure: PostgresError?
    /// Cancel requests on their way.
    var cancelsUnderWay = 0
    /// Who has it, on a leased slot.
    var lease: Lease?

    /// Takes ownership. `token` tells this connection from earlier ones of the slot.
    init(_ connection: OpenConnection, slot: Int, token: UInt64, named: Bool) {
        self.connection = connection.pointer
        self.slot = slot
        self.token = token
        self.named = named
        descriptor = PQsocket(connection.pointer)
    }

    deinit {
        PQfinish(connection)
    }

    /// Puts a statement into the pipeline, after `begin` if there is one; both are one unit up to the SYNC, so that
    /// the statement cannot run when `begin` has failed.
    func send(_ request: Request, begin: Statement? = nil) {
        isDirty = true
        inFlight.append(request)
        // BEGIN comes before PREPARE, whose snapshot would forbid it to set the isolation level.
        if let begin {
            request.preludes += 1
            expect(PQsendQueryParams(connection, begin.sql, 0, nil, nil, nil, nil, 0))
        }
        let prepared = named && !request.once ? name(request) : nil
        let sent = request.parameters.withPointers { count, values, lengths, formats in
            if let prepared {
                PQsendQueryPrepared(connection, prepared, count, values, lengths, formats, 1)
            } else {
                PQsendQueryParams(connection, request.statement.sql, count, nil, values, lengths, formats, 1)
            }
        }
        expect(sent)
        expect(PQpipelineSync(connection))
    }

    /// Prepares the statement anew when it comes again.
    func forget(_ statement: Statement) {
        names[statement] = nil
    }

    /// Writes what is left. True when the socket takes no more for now.
    func flush() -> Bool {
        isDirty = false
        let state = PQflush(connection)
        expect(state < 0 ? 0 : 1)
        return state > 0
    }

    /// Reads what has come.
    func read() {
        expect(PQconsumeInput(connection))
    }

    /// Takes the next request whose results are complete.
    func nextDone() -> Request? {
        var ends = 0
        while !isBroken, let request = inFlight.first, PQisBusy(connection) == 0 {
            guard let result = PQgetResult(connection) else {
                // One marks the end of a command's results; a second, that nothing more has come.
                ends += 1
                if ends > 1 { break }
                continue
            }
            ends = 0
            if accept(result, request) { return inFlight.popFirst() }
        }
        if PQstatus(connection) == CONNECTION_BAD { isBroken = true }
        return nil
    }

    /// The next notification's channel and payload.
    func nextNotification() -> (channel: String, payload: String)? {
        guard let notification = PQnotifies(connection) else { return nil }
        defer { PQfreemem(notification) }
        return (String(cString: notification.pointee.relname), String(cString: notification.pointee.extra))
    }

    var isInTransaction: Bool { PQtransactionStatus(connection) != PQTRANS_IDLE }
    var isDrained: Bool { inFlight.isEmpty && cancelsUnderWay == 0 }

    /// Counts as broken from now on.
    func distrust() {
        isBroken = true
    }

    /// Takes the connection for lost; gives the requests whose fate nobody will learn.
    func abandon() -> [Request] {
        isBroken = true
        var lost: [Request] = []
        while let request = inFlight.popFirst() { lost.append(request) }
        return lost
    }

    /// Why it broke, as far as is known.
    var loss: PostgresError { failure ?? PostgresError(connection: connection, whileConnecting: false) }

    /// Asks the server to stop what this connection is doing, on a helper thread, and calls `sent` on it afterwards.
    func requestCancel(_ sent: @escaping @Sendable () -> Void) {
        guard let ticket = CancelTicket(connection) else { return }
        cancelsUnderWay += 1
        HelperThread.run {
            ticket.send()
            sent()
        }
    }

    private func name(_ request: Request) -> String? {
        if let name = names[request.statement] { return "s\(name)" }
        guard names.count < Self.mostNames else { return nil }
        lastName += 1
        names[request.statement] = lastName
        request.preludes += 1
        expect(PQsendPrepare(connection, "s\(lastName)", request.statement.sql, 0, nil))
        return "s\(lastName)"
    }

    /// True when the request is complete.
    private func accept(_ result: OpaquePointer, _ request: Request) -> Bool {
        switch PQresultStatus(result) {
        case PGRES_PIPELINE_SYNC:
            PQclear(result)
            return true
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            keep(result, request)
        case PGRES_PIPELINE_ABORTED:
            PQclear(result)
        case PGRES_FATAL_ERROR:
            note(PostgresError(result: result, statement: request.statement.name), request)
            PQclear(result)
        default:
            // COPY is not for pipelines, and the connection cannot be trusted to leave that mode.
            PQclear(result)
            note(PostgresError(.connection, "COPY is not supported", statement: request.statement.name), request)
            isBroken = true
        }
        return false
    }

    private func keep(_ result: OpaquePointer, _ request: Request) {
        if request.preludes > 0 {
            request.preludes -= 1
            PQclear(result)
        } else {
            request.rows = Rows(result: ResultBox(result, statement: request.statement.name))
        }
    }

    private func note(_ error: PostgresError, _ request: Request) {
        if error.code == .connection { failure = error }
        if request.failure == nil { request.failure = error }
    }

    private func expect(_ success: Int32) {
        if success != 1 { isBroken = true }
    }
}
