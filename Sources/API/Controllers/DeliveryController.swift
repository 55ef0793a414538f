import Builds
import Core
import HTTPTypes
import Hummingbird
import Store

/// What forges sent for a repository.
struct DeliveryController: Sendable {
    let engine: Engine

    func list(_ request: Request, _ context: PushContext) async throws -> Response {
        let limit = try request.integer("limit", in: 1...100) ?? 50
        let before: Int64 = try request.integer("before", in: 1...Int64.max) ?? .max
        let deliveries = try await engine.store.deliveries(
            repoID: context.access.repo.id, before: before, limit: limit)
        var json = JSONWriter(capacity: 64 + deliveries.count * 256)
        json.array(deliveries) { $0.delivery($1) }
        var response = Response(json)
        if deliveries.count == limit, let last = deliveries.last {
            response.link(next: request, "before", String(last.id))
        }
        return response
    }

    /// 202 with the number of the new delivery.
    func redeliver(_ request: Request, _ context: PushContext) async throws -> Response {
        let (access, id) = (context.access, try context.number("id") as Int64)
        let receipt = try await engine.redeliver(access, deliveryID: id, by: try access.somebody())
        var json = JSONWriter(capacity: 64)
        json.object { $0.field("delivery", receipt.delivery) }
        return Response(json, status: .accepted)
    }
}
