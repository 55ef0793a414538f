import AgentProtocol
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

/// Trace contexts of requests, and the access log.
@Suite struct TraceTests {
    @Test(arguments: [
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later",
    ]) func contextsAreRead(text: String) throws {
        let context = try #require(TraceContext(traceparent: text))
        #expect(context.traceID == "4bf92f3577b34da6a3ce929d0e0e4736" && context.spanID == "00f067aa0ba902b7")
        let child = context.child
        #expect(child.traceID == context.traceID && child.spanID != context.spanID)
        #expect(TraceContext(traceparent: child.traceparent) == child)
    }

    @Test(arguments: [
        "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
    ]) func othersAreNot(text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test func newContextsAreGood() {
        for _ in 0..<100 {
            let context = TraceContext()
            #expect(TraceContext(traceparent: context.traceparent) == context)
        }
    }

    @Test func eachRequestIsLoggedWithItsUserItsTraceAndItsTime() async throws {
        let lines = Lines()
        var front = TestFront()
        front.logsAccess = true
        try await withServer(workers: false, front: front, logger: lines.logger) { server in
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            let reply = try await server.request(
                "GET", "/api/users/root?access_token=not-to-be-logged", token: server.rootToken,
                headers: ["traceparent": "00-\(trace)-00f067aa0ba902b7-01"])
            let line = try #require(lines.requests.first { $0["http.path"] == "/api/users/root" })
            #expect(line["user"] == "root" && line["client"] == "127.0.0.1" && line["http.status"] == "200")
            #expect(line["http.route"] == "/api/users/{login}" && line["trace.id"] == trace)
            #expect(line["request.id"] == reply.header("X-Request-Id"))
            #expect(line["duration_ms"].flatMap { Int($0) } != nil)
            #expect(!line.values.contains { $0.contains("not-to-be-logged") })
        }
    }
}

/// What was logged.
private final class Lines: Sendable {
    private let lines = Mutex<[[String: String]]>([])

    var requests: [[String: String]] { lines.withLock { $0 }.filter { $0["message"] == "request" } }

    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            var line = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
            line["message"] = "\(event.message)"
            lines.lines.withLock { $0.append(line) }
        }
    }
}
