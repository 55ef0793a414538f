import Builds
import Core
import FoundationEssentials
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
            json.field("last_used_address", listed.lastUsedAddress)
            json.field("made_by", listed.madeBy)
            json.field("scopes") { $0.scopes(of: listed) }
        }
    }

    private mutating func scopes(of listed: AccessToken) {
        let everywhere = listed.level == .none ? [] : [AccessToken.Scope(level: listed.level, path: "")]
        array(everywhere + listed.scopes) { json, scope in
            json.object { json in
                json.field("level", scope.level.rawValue)
                if scope.path.contains("/") {
                    json.field("repo", scope.path)
                } else if !scope.path.isEmpty {
                    json.field("tenant", scope.path)
                }
            }
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
    struct Scope: Decodable {
        var level: String
        var tenant: String?
        var repo: String?
    }

    var name: String?
    var scopes: [Scope]?
    var expiresAt: WholeNumber?
    var expiresIn: WholeNumber?

    init() {}

    enum CodingKeys: String, CodingKey {
        case name, scopes
        case expiresAt = "expires_at"
        case expiresIn = "expires_in"
    }

    func request() throws -> TokenRequest {
        var request = TokenRequest(name: name ?? "")
        if let scopes { request.scopes = try scopes.enumerated().map { try Self.scope($1, "scopes[\($0)]") } }
        if let expiresIn {
            guard expiresAt == nil else { throw Refusal.invalid("Give expires_at or expires_in, not both.") }
            guard (1...Self.tenYears).contains(expiresIn.value) else {
                throw Refusal.invalid("expires_in must be 1 to \(Self.tenYears) seconds.")
            }
            request.expiresAt = Date().addingTimeInterval(Double(expiresIn.value))
        } else if let expiresAt {
            guard (0...253_402_300_799).contains(expiresAt.value) else {
                throw Refusal.invalid("expires_at must be seconds since 1970.")
            }
            request.expiresAt = Date(timeIntervalSince1970: Double(expiresAt.value))
        }
        return request
    }

    private static let tenYears = 10 * 366 * 86400

    private static func scope(_ scope: Scope, _ field: String) throws -> TokenRequest.Scope {
        guard let level = Level(rawValue: scope.level), level != .none else {
            throw Refusal.invalid("\(field).level must be read, write or admin.")
        }
        switch (scope.tenant, scope.repo) {
        case (nil, nil): return .init(level: level, place: .everywhere)
        case (let tenant?, nil): return .init(level: level, place: .tenant(tenant))
        case (nil, let repo?): return .init(level: level, place: .repo(repo))
        case (_?, _?): throw Refusal.invalid("\(field) must have tenant or repo, not both.")
        }
    }
}

/// The body of `PUT /api/tenants/{owner}/members/{login}`.
struct MemberPayload: Decodable {
    var role: String
}
