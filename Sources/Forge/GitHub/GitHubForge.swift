package import Core
package import Logging
import NIOHTTP1

/// GitHub, or a GitHub Enterprise Server, through version 3 of its REST API.
///
/// Source: https://docs.github.com/rest
package struct GitHubForge: HostedForge {
    private let http: ForgeHTTP
    private let hooks: GitHubHooks

    /// - Throws: `ForgeError` where certificates or proxy are not what they should be.
    package init(_ address: ForgeAddress, logger: Logger) throws(ForgeError) {
        http = try ForgeHTTP(address, authorization: "Bearer", logger: logger)
        hooks = GitHubHooks(forge: address.forge)
    }

    package func repository(at path: RepoPath) async throws -> ForgeRepository? {
        try await http.get(SharedRepository.self, path.shared)?.described
    }

    package func installHook(_ target: HookTarget) async throws {
        let config = ["url": target.url, "content_type": "json", "secret": target.secret, "insecure_ssl": "0"]
        let events = ["push", "delete", "pull_request", "deployment", "repository"]
        let hook = SharedHook(name: "web", active: true, events: events, config: config)
        try await http.putSharedHook(hook, in: "\(target.path.shared)/hooks")
    }

    package func removeHook(at path: RepoPath) async throws {
        try await http.removeSharedHook(to: http.address.hookURL, in: "\(path.shared)/hooks")
    }

    package func file(_ name: String, at commit: String, in path: RepoPath) async throws -> [UInt8]? {
        try await http.file(
            "\(path.shared)/contents/\(name.escaped)?ref=\(commit.escaped)", accept: "application/vnd.github.raw+json")
    }

    /// 409 is an empty repository's answer, 422 that of a name that no object has.
    package func commit(_ id: String, in path: RepoPath) async throws -> CommitInfo? {
        try await http.get(SharedCommit.self, "\(path.shared)/commits/\(id.escaped)", absent: [404, 409, 422])?
            .described()
    }

    private struct Comparison: Decodable {
        var files: [File]?

        struct File: Decodable {
            var filename: String
            var previousFilename: String?
        }
    }

    /// The API names 300 files at most, and compares with the newest commit that both have: after a forced push, what only the
    /// old one changed is not among them.
    package func changedPaths(from before: String, to after: String, in path: RepoPath) async throws -> [String]? {
        let question = "\(path.shared)/compare/\(before.escaped)...\(after.escaped)?per_page=1"
        guard let files = try await http.get(Comparison.self, question)?.files, files.count < 300 else { return nil }
        return Set(files.flatMap { [$0.filename, $0.previousFilename].compactMap { $0 } }).sorted()
    }

    package func cloneCredential(for path: RepoPath) async throws -> CloneCredential? {
        http.address.cloneCredential(username: "x-access-token")
    }

    package func level(of login: String, in path: RepoPath) async throws -> Level {
        let question = "\(path.shared)/collaborators/\(login.escaped)/permission"
        return try await http.get(SharedPermission.self, question)?.level ?? .none
    }

    package func repositories(of token: String) async throws -> [(repository: ForgeRepository, level: Level)] {
        let question = "/user/repos?sort=full_name&per_page=100"
        return try await http.pages(SharedRepository.self, question, size: 100, token: token).map {
            ($0.described, $0.permissions?.level ?? .read)
        }
    }

    private struct DeploymentStatus: Encodable, Sendable {
        var state: String
        var logUrl: String
        var description: String
        var autoInactive = false
    }

    package func post(_ status: CommitStatus, in path: RepoPath) async throws {
        let description = status.description.cut(to: 140)
        if let deployment = status.deployment {
            let body = DeploymentStatus(
                state: status.status.deploymentState, logUrl: status.targetURL, description: description)
            try await http.write(.POST, "\(path.shared)/deployments/\(deployment)/statuses", body)
            return
        }
        let body = SharedStatus(
            state: status.status.gitHubState, targetUrl: status.targetURL, description: description,
            context: status.context)
        try await http.write(.POST, "\(path.shared)/statuses/\(status.commit.escaped)", body)
    }

    package func identify(_ request: HookRequest) throws(HookError) -> HookIdentity { try hooks.identify(request) }
    package func read(_ request: HookRequest) throws(HookError) -> HookEvent { try hooks.read(request) }
    package func parse(_ request: HookRequest, secret: String) throws(HookError) -> HookEvent {
        try hooks.parse(request, secret: secret)
    }
}

extension Status {
    /// What Gitea has too.
    var gitHubState: String {
        switch self {
        case .pending, .running: "pending"
        case .success: "success"
        case .failure: "failure"
        default: "error"
        }
    }

    fileprivate var deploymentState: String {
        switch self {
        case .pending: "queued"
        case .running: "in_progress"
        case .success: "success"
        case .failure: "failure"
        default: "error"
        }
    }
}
