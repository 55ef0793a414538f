import Store

extension JSONWriter {
    mutating func delivery(_ delivery: DeliveryRecord) {
        object { json in
            json.field("id", delivery.id)
            json.field("key", delivery.key)
            json.field("event", delivery.event)
            json.field("received_at", delivery.receivedAt)
            json.field("outcome", delivery.outcome)
            json.field("reason", delivery.reason)
            json.field("builds", json: "[\(delivery.builds.map { "\($0)" }.joined(separator: ","))]")
            json.field("tries", delivery.tries)
            json.field("finished_at", delivery.finishedAt)
        }
    }
}
