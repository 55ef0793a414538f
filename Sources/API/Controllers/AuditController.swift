import Builds
import Hummingbird
import Store

/// Who changed what.
struct AuditController: Sendable {
    let engine: Engine

    func list(_ request: Request, _ context: UserContext) async throws -> Response {
        let name = try request.query("tenant").map { text in
            guard let name = TenantName(text) else {
                throw AccessError.notFound("There is no tenant \(text), or you may not see it.")
            }
            return name
        }
        let tenants = try await engine.auditedTenants(name, for: context.caller)
        let page = try await engine.store.audit(tenantIDs: tenants, try filter(request))
        var json = JSONWriter(capacity: 64 + page.entries.count * 512)
        json.array(page.entries) { $0.audit($1) }
        var response = Response(json)
        if let next = page.next { response.link(next: request, "before", String(next)) }
        return response
    }

    private func filter(_ request: Request) throws -> AuditFilter {
        var filter = AuditFilter()
        filter.limit = try request.integer("limit", in: 1...100) ?? 50
        filter.before = try request.integer("before", in: 1...Int64.max) ?? .max
        filter.actor = request.query("actor")
        filter.action = request.query("action")
        return filter
    }
}
