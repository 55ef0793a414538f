import Builds
import Forge
import HTTPTypes
import Hummingbird
import NIOCore

/// Deliveries of forges.
struct HookController: Sendable {
    let engine: Engine

    /// From the forge that `?forge=` names, else from the default one.
    ///
    /// 202 with the delivery's number: it is stored, and what comes of it is decided later. A repeated one gives the first
    /// one's number again.
    func receive(_ request: Request, _ context: AppContext) async throws -> Response {
        let body = try await request.body.collect(upTo: ForgeLimits.hookBody)
        let hook = HookRequest(
            headers: request.headers.map { ($0.name.rawName, $0.value) }, body: Array(buffer: body), query: [:])
        let forge = request.uri.queryParameters.get("forge")
        let receipt = try await engine.receiveDelivery(hook, forge: forge)
        var json = JSONWriter(capacity: 64)
        json.object { json in
            json.field("delivery", receipt.delivery)
            json.field("repeated", !receipt.isNew)
        }
        return Response(json, status: .accepted)
    }
}
