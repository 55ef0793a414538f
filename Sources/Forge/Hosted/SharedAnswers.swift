import Core
import NIOHTTP1

/// What the APIs of GitHub and Gitea answer alike.
struct SharedRepository: Decodable {
    var id: Int64
    var name: String
    var fullName: String
    var owner: Owner
    var `private`: Bool
    var htmlUrl: String?
    var cloneUrl: String?
    var defaultBranch: String?
    var avatarUrl: String?
    var permissions: Permissions?

    struct Owner: Decodable {
        var id: Int64
        var login: String
        var avatarUrl: String?
    }

    struct Permissions: Decodable {
        var admin: Bool?
        var push: Bool?
        var pull: Bool?

        var level: Level {
            if admin == true { return .admin }
            if push == true { return .write }
            return pull == true ? .read : .none
        }
    }

    var described: ForgeRepository {
        ForgeRepository(
            owner: owner.login, name: name, forgeRepoID: "\(id)", forgeTenantID: "\(owner.id)",
            cloneURL: cloneUrl ?? "",
            linkURL: htmlUrl ?? "", defaultBranch: defaultBranch ?? "main", isPrivate: self.private,
            avatarURL: [avatarUrl, owner.avatarUrl].lazy.compactMap { $0 }.first { !$0.isEmpty } ?? "")
    }
}

struct SharedCommit: Decodable {
    var sha: String
    var commit: Inner

    struct Inner: Decodable {
        var message: String
        var author: Person?
        var committer: Person?
    }

    struct Person: Decodable {
        var name: String?
        var email: String?
        var date: String?
    }

    func described() throws(ForgeError) -> CommitInfo {
        try CommitInfo(
            id: sha, text: commit.message, name: commit.author?.name, email: commit.author?.email,
            timestamp: commit.committer?.date ?? commit.author?.date)
    }
}

struct SharedPermission: Decodable {
    var permission: String

    var level: Level {
        switch permission {
        case "owner", "admin": .admin
        case "write", "maintain": .write
        case "read", "triage": .read
        default: .none
        }
    }
}

/// A hook as GitHub and Gitea list and take it.
struct SharedHook: Codable, Sendable {
    var id: Int64?
    var name: String?
    var type: String?
    var active: Bool?
    var events: [String]?
    var config: [String: String]?
}

struct SharedStatus: Encodable, Sendable {
    var state: String
    var targetUrl: String
    var description: String
    var context: String
}

extension ForgeHTTP {
    /// Makes or replaces the hook that sends to our address.
    func putSharedHook(_ hook: SharedHook, in folder: String) async throws {
        guard let hooks = try await get([SharedHook].self, "\(folder)?per_page=100&limit=50") else {
            throw ForgeError(.noRepository, "the forge shows Skep no such repository, or not its hooks")
        }
        let ours = hooks.filter { $0.config?["url"] == hook.config?["url"] }
        var written: ForgeReply?
        if let id = ours.first?.id {
            written = try await write(.PATCH, "\(folder)/\(id)", hook)
        } else {
            written = try await write(.POST, folder, hook)
        }
        guard written != nil else {
            throw ForgeError(.noRepository, "the forge lets Skep make no hook in that repository")
        }
        for hook in ours.dropFirst() { if let id = hook.id { try await delete("\(folder)/\(id)") } }
    }

    func removeSharedHook(to url: String, in folder: String) async throws {
        let hooks = try await get([SharedHook].self, "\(folder)?per_page=100&limit=50") ?? []
        for hook in hooks where hook.config?["url"] == url {
            if let id = hook.id { try await delete("\(folder)/\(id)") }
        }
    }
}

extension RepoPath {
    /// `/repos/OWNER/NAME` as GitHub's and Gitea's APIs have it.
    var shared: String { "/repos/\(owner.escaped)/\(name.escaped)" }
}

extension String {
    /// At most so many characters, the last one an ellipsis where some were cut off.
    func cut(to count: Int) -> String { self.count <= count ? self : prefix(count - 1) + "…" }
}
