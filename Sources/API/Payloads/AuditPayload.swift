import Store

extension JSONWriter {
    mutating func audit(_ entry: AuditRecord) {
        object { json in
            json.field("id", entry.id)
            json.field("at", entry.at)
            json.field("tenant", entry.tenant ?? "")
            json.field("actor_kind", entry.actorKind.rawValue)
            json.field("actor", entry.actor)
            json.field("token_id", entry.tokenID ?? 0)
            json.field("address", entry.address)
            json.field("action", entry.action)
            json.field("object", entry.object)
            json.field("before", json: entry.before ?? "null")
            json.field("after", json: entry.after ?? "null")
            json.field("request_id", entry.requestID)
        }
    }
}
