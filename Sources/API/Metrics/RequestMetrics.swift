import Synchronization
import Telemetry

/// Requests by method, pattern of the route and status.
final class RequestMetrics: Sendable {
    private struct Route: Hashable {
        var method: String
        var pattern: String
    }

    private struct Series {
        var statuses: [Int: Int64] = [:]
        let durations = Histogram(bounds: Histogram.ofRequests)
    }

    private let series = Mutex<[Route: Series]>([:])
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    /// - Parameters:
    ///   - pattern: such as `/api/users/{login}`; nil: the address has no route.
    ///   - duration: until the head of the reply, since a log or a stream of events may take as long as it likes.
    func record(method: String, pattern: String?, status: Int, duration: Duration) {
        // What a client makes up must not make series.
        let method = Self.methods.contains(method) ? method : "other"
        let route = Route(method: method, pattern: pattern ?? "none")
        let durations = series.withLock { series in
            series[route, default: Series()].statuses[status, default: 0] += 1
            return series[route]?.durations
        }
        durations?.observe(duration)
    }

    func write(to text: inout Exposition) {
        let all = series.withLock { $0 }.sorted { ($0.key.pattern, $0.key.method) < ($1.key.pattern, $1.key.method) }
        text.family(
            "skep_http_requests_total", .counter, "Requests answered.",
            all.flatMap { route, series in
                series.statuses.sorted { $0.key < $1.key }.map { status, count in
                    (["method": route.method, "route": route.pattern, "status": "\(status)"], Double(count))
                }
            })
        text.histogram(
            "skep_http_request_duration_seconds", "Time until the head of the reply.",
            all.map { route, series in
                (["method": route.method, "route": route.pattern], series.durations.snapshot)
            })
    }
}
