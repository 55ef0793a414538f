import Builds
import HTTPTypes
import Hummingbird
import Logging
import ServiceLifecycle
import Store

/// What a proxy, an orchestrator or a person wants to know of the server itself.
struct HealthController: Sendable {
    let engine: Engine
    let newestMigration: Int

    /// The process runs.
    func health(_ request: Request, _ context: AppContext) async throws -> Response {
        .text("ok\n")
    }

    /// Requests can be served: the database answers and has the schema of this version, and the server is not about to stop.
    func ready(_ request: Request, _ context: AppContext) async throws -> Response {
        guard !Task.isShuttingDownGracefully else { return notReady("stopping") }
        do {
            guard try await engine.store.newestMigration() >= newestMigration else {
                return notReady("migrations are missing: run skep migrate")
            }
        } catch {
            context.logger.warning("not ready", metadata: ["error": "\(error)"])
            return notReady("the database does not answer")
        }
        return .text("ok\n")
    }

    func version(_ request: Request, _ context: AppContext) async throws -> Response {
        var json = JSONWriter(capacity: 64)
        json.object { json in
            json.field("name", "skep")
            json.field("version", engine.settings.version)
        }
        return Response(json)
    }

    private func notReady(_ reason: String) -> Response {
        var response = Response.text(reason + "\n")
        response.status = .serviceUnavailable
        return response
    }
}
