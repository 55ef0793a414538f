import Builds
import Core
import Store

extension JSONWriter {
    /// Never with the value: nobody gets that back.
    mutating func secret(_ secret: SecretRecord) {
        object { json in
            json.field("id", secret.id)
            json.field("name", secret.name)
            json.field("events", json: "[\(secret.events.map(\.rawValue.asJSON).joined(separator: ","))]")
            json.field("images", json: "[\(secret.images.map(\.asJSON).joined(separator: ","))]")
            json.field("created_by", secret.createdBy)
            json.field("created_at", secret.createdAt)
            json.field("updated_at", secret.updatedAt)
        }
    }
}

/// The body of POST and PATCH of a secret. `event` and `image` are what the client of Drone 0.5 sends.
struct SecretPayload: Decodable {
    var name: String?
    var value: String?
    private var events: [String]?
    private var event: [String]?
    private var images: [String]?
    private var image: [String]?

    var change: SecretChange {
        SecretChange(
            value: value, events: (events ?? event).map { $0.map(Event.init(stored:)) }, images: images ?? image)
    }

    func secret() throws -> NamedSecret {
        guard let name else { throw Refusal.invalid("name is missing.") }
        guard let value else { throw Refusal.invalid("value is missing.") }
        return NamedSecret(
            name: name, value: value, events: Set(change.events ?? []), images: change.images ?? [])
    }
}
