import HTTPTypes
import Hummingbird
import NIOCore
import Postgres
import ServiceLifecycle
import Synchronization

/// A reply of server-sent events (WHATWG HTML, 9.2).
///
/// `body` writes them and returns to end the stream, after which a client comes back by itself. On graceful shutdown the task is
/// cancelled: it comes back to another server. A handler is not told that its client has left: it learns that by writing, so
/// `body` has to write from time to time.
struct EventStream: Sendable {
    static let contentType = "text/event-stream; charset=utf-8"

    private let live: Live
    private let body: @Sendable (inout EventWriter) async throws -> Void

    init(_ live: Live, _ body: @escaping @Sendable (inout EventWriter) async throws -> Void) {
        self.live = live
        self.body = body
    }

    var response: Response {
        let (live, body) = (live, body)
        return Response(
            status: .ok,
            headers: [
                .contentType: Self.contentType, .cacheControl: "no-store", .xAccelBuffering: "no",
            ],
            body: ResponseBody { given in
                // Used by one task at a time: the child below, while this one waits for it.
                nonisolated(unsafe) var writer = given
                _ = live.open.wrappingAdd(1, ordering: .relaxed)
                defer { _ = live.open.wrappingSubtract(1, ordering: .relaxed) }
                do {
                    try await cancelWhenGracefulShutdown {
                        var events = EventWriter(heartbeat: live.heartbeat) { try await writer.write($0) }
                        try await events.write(ByteBuffer(staticString: "retry: 1000\n\n"))
                        try await body(&events)
                    }
                } catch is CancellationError {
                } catch let error as PostgresError where error.code == .cancelled {
                    // The same, in the middle of a statement.
                }
                // A client that does not read would hold up the end too: its connection is closed.
                try await Self.end(writer)
            })
    }

    /// `@unchecked Sendable`: one task writes it, while the one that has it waits.
    private struct Ending: @unchecked Sendable {
        let writer: any ResponseBodyWriter

        func write() async throws { try await writer.finish(nil) }
    }

    private static let patience = Duration.seconds(2)

    /// Ends the reply, or throws when the client does not take it in time.
    private static func end(_ given: any ResponseBodyWriter) async throws {
        let ending = Ending(writer: given)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await ending.write() }
            group.addTask {
                try await Task.sleep(for: patience)
                throw CancellationError()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}

/// Writes a stream's events, and knows when a heartbeat is due.
struct EventWriter {
    private let send: (ByteBuffer) async throws -> Void
    private let heartbeat: Duration
    private var lastWrite = ContinuousClock.now

    init(heartbeat: Duration, _ send: @escaping (ByteBuffer) async throws -> Void) {
        self.heartbeat = heartbeat
        self.send = send
    }

    /// When the stream has been silent for too long.
    var heartbeatDue: ContinuousClock.Instant { lastWrite + heartbeat }

    mutating func write(_ buffer: ByteBuffer) async throws {
        try await send(buffer)
        lastWrite = .now
    }

    /// A comment, if one is due.
    mutating func beat() async throws {
        guard ContinuousClock.now >= heartbeatDue else { return }
        try await write(ByteBuffer(staticString: ": alive\n\n"))
    }
}

extension HTTPField.Name {
    // Names that are tokens by RFC 9110, 5.1.
    // swift-format-ignore: NeverForceUnwrap
    static let xAccelBuffering = HTTPField.Name("X-Accel-Buffering")!
    // swift-format-ignore: NeverForceUnwrap
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
