import Foundation
import Telemetry
import TestSupport
import Testing

/// `/metrics` of the health listener.
@Suite struct MetricsTests {
    @Test func whatTheServerDoesIsCounted() async throws {
        try await withServer { server in
            _ = try await server.builtRepo("acme/app")
            for path in ["/api/user", "/api/users/root", "/api/users/nobody-there", "/nowhere", "/api/users/?\u{22}"] {
                _ = try await server.get(path, token: server.rootToken)
            }
            _ = try await server.request("PUT", "/api/user", token: server.rootToken)
            let text = try await metrics(of: server)
            func requests(_ method: String, _ route: String, _ status: Int) -> Double? {
                text.value("skep_http_requests_total", ["method": method, "route": route, "status": "\(status)"])
            }
            #expect(requests("GET", "/api/user", 200) == 1)
            #expect(requests("GET", "/api/users/{login}", 200) == 1)
            #expect(requests("GET", "/api/users/{login}", 404) == 1)
            #expect(requests("GET", "none", 404) == 1)
            #expect(requests("PUT", "none", 405) == 1)
            let durations = ["method": "GET", "route": "/api/users/{login}"]
            #expect(text.value("skep_http_request_duration_seconds_count", durations) == 2)
            #expect(text.value("skep_deliveries_total", ["result": "accepted"]) == 1)
            #expect(text.value("skep_delivery_age_seconds_count") == 1)
            #expect(text.value("skep_job_dispatch_seconds_count").map { $0 >= 1 } == true)
            #expect(text.value("skep_queue_jobs", ["state": "waiting"]) == 0)
            #expect(text.value("skep_database_up") == 1)
            for name in ["skep_database_size_bytes", "skep_database_connections", "skep_database_connections_max"] {
                #expect(text.value(name).map { $0 > 0 } == true, "\(name)")
            }
        }
    }

    /// Names and labels come from documents and routes, never from what somebody sends.
    @Test func clientsMakeNoSeries() async throws {
        try await withServer(workers: false) { server in
            for number in 0..<5 {
                _ = try await server.get("/made-up-\(number)", token: nil)
                _ = try await server.request("MADEUP\(number)", "/api/user")
            }
            let samples = try await metrics(of: server).families["skep_http_requests_total"]?.samples ?? []
            #expect(Set(samples.compactMap { $0.labels["route"] }).isSubset(of: ["none", "/api/user"]))
            #expect(Set(samples.compactMap { $0.labels["method"] }).isSubset(of: ["GET", "other"]))
        }
    }

    @Test func itIsNotForTheOutside() async throws {
        try await withServer(workers: false) { server in
            let reply = try await server.get("/metrics", token: server.rootToken)
            #expect(reply.status == 404)
        }
    }

    @Test func textIsEscaped() throws {
        var text = Exposition()
        text.family("odd", .gauge, "A \\ and\na line", [(["label": "a\"b\\c\nd"], 1.5), (["label": ""], -2)])
        let read = try PrometheusText(text.text)
        #expect(read.value("odd", ["label": "a\"b\\c\nd"]) == 1.5 && read.value("odd", ["label": ""]) == -2)
    }

    @Test func histogramsCountEachObservationOnce() throws {
        let histogram = Histogram(bounds: [1, 2])
        for seconds in [0.5, 1, 1.5, 3, -1] { histogram.observe(seconds) }
        #expect(histogram.snapshot.cumulative.map(\.count) == [3, 4] && histogram.snapshot.count == 5)
        #expect(histogram.snapshot.sum == 6)
    }

    private func metrics(of server: TestServer) async throws -> PrometheusText {
        let reply = try await RawConnection.get(server.healthURL, "/metrics")
        #expect(reply.hasPrefix("HTTP/1.1 200 OK") && reply.contains(Exposition.contentType))
        let end = try #require(reply.range(of: "\r\n\r\n"))
        return try PrometheusText(String(reply[end.upperBound...]))
    }
}
