import Core

extension JSONWriter {
    mutating func user(_ user: User) {
        object { json in
            json.field("id", user.id)
            json.field("login", user.login)
            json.field("email", user.email)
            json.field("avatar_url", user.avatarURL)
            json.field("admin", user.admin)
            json.field("active", user.active)
            json.field("created_at", user.createdAt)
            json.field("kind", user.tenantID == nil ? "person" : "service")
        }
    }
}

/// The body of `PATCH /api/user`.
struct OwnChangePayload: Decodable {
    var email: String?
}

/// The body of `PATCH /api/users/{login}`.
struct UserChangePayload: Decodable {
    var email: String?
    var admin: Bool?
    var active: Bool?
}

/// The body of `POST /api/users`, and of `POST /api/users/{login}`, where `login` is not read.
struct NewUserPayload: Decodable {
    var login: String?
    var email: String?
    var avatarURL: String?
    var admin: Bool?

    enum CodingKeys: String, CodingKey {
        case login, email, admin
        case avatarURL = "avatar_url"
    }
}
