import Core
import Sealing
import Store

extension JSONWriter {
    /// `token` is there only in the reply that made it.
    mutating func token(_ listed: AccessToken, text: String? = nil) {
        object { json in
            json.field("id", listed.id)
            json.field("name", listed.name)
            if let text { json.field("token", text) }
            json.field("created_at", listed.createdAt)
            json.field("expires_at", listed.expiresAt)
            json.field("last_used_at", listed.lastUsedAt)
        }
    }

    mutating func member(_ member: Member) {
        object { json in
            json.field("login", member.login)
            json.field("role", member.role.rawValue)
        }
    }
}

/// The body of `POST /api/user/tokens` and `POST /api/users/{login}/tokens`.
struct NewTokenPayload: Decodable {
    var name: String?
}

/// The body of `PUT /api/tenants/{owner}/members/{login}`.
struct MemberPayload: Decodable {
    var role: String
}
