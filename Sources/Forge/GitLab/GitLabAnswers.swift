import Core

struct GitLabProject: Decodable {
    var id: Int64
    var path: String
    var namespace: Namespace
    var visibility: String?
    var webUrl: String?
    var httpUrlToRepo: String?
    /// nil for a project without commits.
    var defaultBranch: String?
    var avatarUrl: String?
    var permissions: Permissions?

    struct Namespace: Decodable {
        var id: Int64
        var fullPath: String
    }

    struct Group: Decodable {
        var id: Int64
    }

    struct Permissions: Decodable {
        var projectAccess: Access?
        var groupAccess: Access?
    }

    struct Access: Decodable {
        var accessLevel: Int
    }

    var level: Level {
        Level(gitLab: max(permissions?.projectAccess?.accessLevel ?? 0, permissions?.groupAccess?.accessLevel ?? 0))
    }

    /// What only people with an account see (`internal`) is private here: Skep's readers may have none.
    func described(tenantID: Int64) -> ForgeRepository {
        ForgeRepository(
            owner: namespace.fullPath, name: path, forgeRepoID: "\(id)", forgeTenantID: "\(tenantID)",
            cloneURL: httpUrlToRepo ?? "", linkURL: webUrl ?? "", defaultBranch: defaultBranch ?? "main",
            isPrivate: visibility != "public", avatarURL: avatarUrl ?? "")
    }
}

struct GitLabCommit: Decodable {
    var id: String
    var message: String
    var authorName: String?
    var authorEmail: String?
    var committedDate: String?

    func described() throws(ForgeError) -> CommitInfo {
        try CommitInfo(id: id, text: message, name: authorName, email: authorEmail, timestamp: committedDate)
    }
}

struct GitLabHook: Codable, Sendable {
    var id: Int64?
    var url: String
    var token: String?
    var signingToken: String?
    var pushEvents: Bool?
    var tagPushEvents: Bool?
    var mergeRequestsEvents: Bool?
    var enableSslVerification: Bool?
}
