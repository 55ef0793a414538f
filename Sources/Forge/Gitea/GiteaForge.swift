package import Core
package import Logging
import NIOHTTP1

/// Gitea or Forgejo, through version 1 of the API.
///
/// Source: https://docs.gitea.com/api, https://codeberg.org/api/swagger
package struct GiteaForge: HostedForge {
    private let http: ForgeHTTP
    private let hooks: GiteaHooks

    /// - Throws: `ForgeError` where certificates or proxy are not what they should be.
    package init(_ address: ForgeAddress, logger: Logger) throws(ForgeError) {
        http = try ForgeHTTP(address, authorization: "token", logger: logger)
        hooks = GiteaHooks(forge: address.forge)
    }

    package func repository(at path: RepoPath) async throws -> ForgeRepository? {
        try await http.get(SharedRepository.self, path.shared)?.described
    }

    package func installHook(_ target: HookTarget) async throws {
        let config = ["url": target.url, "content_type": "json", "secret": target.secret]
        let events = ["push", "create", "delete", "pull_request", "pull_request_sync", "repository"]
        let hook = SharedHook(type: "gitea", active: true, events: events, config: config)
        try await http.putSharedHook(hook, in: "\(target.path.shared)/hooks")
    }

    package func removeHook(at path: RepoPath) async throws {
        try await http.removeSharedHook(to: http.address.hookURL, in: "\(path.shared)/hooks")
    }

    package func file(_ name: String, at commit: String, in path: RepoPath) async throws -> [UInt8]? {
        try await http.file("\(path.shared)/raw/\(name.escaped)?ref=\(commit.escaped)", accept: "*/*")
    }

    package func commit(_ id: String, in path: RepoPath) async throws -> CommitInfo? {
        try await http.get(SharedCommit.self, "\(path.shared)/git/commits/\(id.escaped)", absent: [404, 409, 422])?
            .described()
    }

    private struct Comparison: Decodable {
        var commits: [Commit]?

        struct Commit: Decodable {
            var files: [File]?
        }

        struct File: Decodable {
            var filename: String
        }
    }

    /// What any commit between the two touched: a file that was changed and changed back is among them.
    package func changedPaths(from before: String, to after: String, in path: RepoPath) async throws -> [String]? {
        let question = "\(path.shared)/compare/\(before.escaped)...\(after.escaped)"
        guard let commits = try await http.get(Comparison.self, question)?.commits else { return nil }
        var paths: Set<String> = []
        for commit in commits {
            guard let files = commit.files else { return nil }
            paths.formUnion(files.map(\.filename))
        }
        return paths.count > ForgeLimits.changedPaths ? nil : paths.sorted()
    }

    package func cloneCredential(for path: RepoPath) async throws -> CloneCredential? {
        http.address.cloneCredential(username: "skep")
    }

    package func level(of login: String, in path: RepoPath) async throws -> Level {
        let question = "\(path.shared)/collaborators/\(login.escaped)/permission"
        return try await http.get(SharedPermission.self, question)?.level ?? .none
    }

    package func repositories(of token: String) async throws -> [(repository: ForgeRepository, level: Level)] {
        try await http.pages(SharedRepository.self, "/user/repos?limit=50", size: 50, token: token).map {
            ($0.described, $0.permissions?.level ?? .read)
        }
    }

    package func post(_ status: CommitStatus, in path: RepoPath) async throws {
        let body = SharedStatus(
            state: status.status.gitHubState, targetUrl: status.targetURL, description: status.description.cut(to: 255),
            context: status.context)
        try await http.write(.POST, "\(path.shared)/statuses/\(status.commit.escaped)", body)
    }

    package func identify(_ request: HookRequest) throws(HookError) -> HookIdentity { try hooks.identify(request) }
    package func read(_ request: HookRequest) throws(HookError) -> HookEvent { try hooks.read(request) }
    package func parse(_ request: HookRequest, secret: String) throws(HookError) -> HookEvent {
        try hooks.parse(request, secret: secret)
    }
}
