import Builds
import HTTPTypes
import Hummingbird
import NIOCore
import Store
import Synchronization
import Telemetry

/// What this server and its database do, for Prometheus.
struct MetricsController: Sendable {
    let engine: Engine
    let requests: RequestMetrics
    let live: Live

    /// Always 200: where the database does not answer, its part is left out and `skep_database_up` is 0.
    func get(_ request: Request, _ context: AppContext) async throws -> Response {
        var text = Exposition()
        text.family(
            "skep_build_info", .gauge, "Always 1; the label tells the version.",
            [(["version": engine.settings.version], 1)])
        requests.write(to: &text)
        engine.metrics.write(to: &text)
        text.gauge("skep_event_streams", "Streams of events that are open.", live.open.load(ordering: .relaxed))
        engine.store.poolStatistics?.write(to: &text)
        let load = try? await engine.store.load()
        text.gauge("skep_database_up", "Whether the database answered now.", load == nil ? 0 : 1)
        load?.write(to: &text)
        return Response(
            status: .ok, headers: [.contentType: Exposition.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text.text)))
    }
}
