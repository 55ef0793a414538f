package import Core
package import Logging
import NIOHTTP1

/// GitLab, through version 4 of the API. A repository is a project; subgroups are part of its owner.
///
/// Source: https://docs.gitlab.com/api/rest
package struct GitLabForge: HostedForge {
    private let http: ForgeHTTP
    private let hooks: GitLabHooks

    /// - Throws: `ForgeError` where certificates or proxy are not what they should be.
    package init(_ address: ForgeAddress, logger: Logger) throws(ForgeError) {
        http = try ForgeHTTP(address, authorization: "Bearer", logger: logger)
        hooks = GitLabHooks(forge: address.forge)
    }

    private func project(_ path: RepoPath) -> String { "/projects/\(path.fullName.escaped)" }

    package func repository(at path: RepoPath) async throws -> ForgeRepository? {
        guard let project = try await http.get(GitLabProject.self, project(path)) else { return nil }
        return try await described(project)
    }

    /// The tenant is the group at the top, which has to be asked for where the project is further down.
    private func described(_ project: GitLabProject) async throws -> ForgeRepository? {
        guard project.namespace.fullPath.contains("/") else { return project.described(tenantID: project.namespace.id) }
        let top = project.namespace.fullPath.prefix { $0 != "/" }
        let question = "/groups/\(String(top).escaped)?with_projects=false"
        guard let group = try await http.get(GitLabProject.Group.self, question) else { return nil }
        return project.described(tenantID: group.id)
    }

    package func installHook(_ target: HookTarget) async throws {
        let folder = "\(project(target.path))/hooks"
        guard let hooks = try await http.get([GitLabHook].self, "\(folder)?per_page=100") else {
            throw ForgeError(.noRepository, "the forge shows Skep no such project, or not its hooks")
        }
        let hook = GitLabHook(
            url: target.url, token: target.secret, signingToken: GitLabHooks.signingToken(target.secret),
            pushEvents: true, tagPushEvents: true, mergeRequestsEvents: true, enableSslVerification: true)
        let ours = hooks.filter { $0.url == target.url }.compactMap(\.id)
        var written: ForgeReply?
        if let id = ours.first {
            written = try await http.write(.PUT, "\(folder)/\(id)", hook)
        } else {
            written = try await http.write(.POST, folder, hook)
        }
        guard written != nil else {
            throw ForgeError(.noRepository, "the forge lets Skep make no hook in that project")
        }
        for id in ours.dropFirst() { try await http.delete("\(folder)/\(id)") }
    }

    package func removeHook(at path: RepoPath) async throws {
        let folder = "\(project(path))/hooks"
        let hooks = try await http.get([GitLabHook].self, "\(folder)?per_page=100") ?? []
        for hook in hooks where hook.url == http.address.hookURL {
            if let id = hook.id { try await http.delete("\(folder)/\(id)") }
        }
    }

    package func file(_ name: String, at commit: String, in path: RepoPath) async throws -> [UInt8]? {
        let question = "\(project(path))/repository/files/\(name.escaped)/raw?ref=\(commit.escaped)"
        return try await http.file(question, accept: "*/*")
    }

    package func commit(_ id: String, in path: RepoPath) async throws -> CommitInfo? {
        let question = "\(project(path))/repository/commits/\(id.escaped)"
        return try await http.get(GitLabCommit.self, question)?.described()
    }

    private struct Comparison: Decodable {
        var diffs: [Diff]?
        var compareTimeout: Bool?

        struct Diff: Decodable {
            var oldPath: String
            var newPath: String
        }
    }

    /// From the newest commit that both have. GitLab leaves files out beyond a limit that its administrators set, 1000 at first.
    package func changedPaths(from before: String, to after: String, in path: RepoPath) async throws -> [String]? {
        let question = "\(project(path))/repository/compare?from=\(before.escaped)&to=\(after.escaped)"
        guard let answer = try await http.get(Comparison.self, question), answer.compareTimeout != true,
            let diffs = answer.diffs, diffs.count < 1000
        else { return nil }
        return Set(diffs.flatMap { [$0.oldPath, $0.newPath] }).sorted()
    }

    package func cloneCredential(for path: RepoPath) async throws -> CloneCredential? {
        http.address.cloneCredential(username: "oauth2")
    }

    private struct Account: Decodable {
        var id: Int64
        var username: String
    }

    private struct Membership: Decodable {
        var accessLevel: Int
    }

    package func level(of login: String, in path: RepoPath) async throws -> Level {
        let found = try await http.get([Account].self, "/users?username=\(login.escaped)") ?? []
        guard let user = found.first(where: { $0.username.lowercased() == login.lowercased() }) else { return .none }
        let member = try await http.get(Membership.self, "\(project(path))/members/all/\(user.id)")
        return member.map { Level(gitLab: $0.accessLevel) } ?? .none
    }

    package func repositories(of token: String) async throws -> [(repository: ForgeRepository, level: Level)] {
        let question = "/projects?membership=true&order_by=path&sort=asc&per_page=100"
        var tops: [String: Int64?] = [:]
        var repositories: [(repository: ForgeRepository, level: Level)] = []
        for project in try await http.pages(GitLabProject.self, question, size: 100, token: token) {
            let top = String(project.namespace.fullPath.prefix { $0 != "/" })
            if top == project.namespace.fullPath { tops[top] = project.namespace.id }
            if tops[top] == nil {
                let question = "/groups/\(top.escaped)?with_projects=false"
                tops[top] = .some(try await http.get(GitLabProject.Group.self, question, token: token)?.id)
            }
            guard let tenantID = tops[top] ?? nil else { continue }
            repositories.append((project.described(tenantID: tenantID), project.level))
        }
        return repositories
    }

    private struct StatusBody: Encodable, Sendable {
        var state: String
        var name: String
        var targetUrl: String
        var description: String
    }

    /// GitLab refuses what is no change (400, "Cannot transition"): then the commit shows it already.
    package func post(_ status: CommitStatus, in path: RepoPath) async throws {
        let body = StatusBody(
            state: status.status.gitLabState, name: status.context, targetUrl: status.targetURL,
            description: status.description.cut(to: 255))
        do {
            try await http.write(.POST, "\(project(path))/statuses/\(status.commit.escaped)", body)
        } catch let error as ForgeError where error.detail.contains("Cannot transition status") {
            return
        }
    }

    package func identify(_ request: HookRequest) throws(HookError) -> HookIdentity { try hooks.identify(request) }
    package func read(_ request: HookRequest) throws(HookError) -> HookEvent { try hooks.read(request) }
    package func parse(_ request: HookRequest, secret: String) throws(HookError) -> HookEvent {
        try hooks.parse(request, secret: secret)
    }
}

extension Status {
    fileprivate var gitLabState: String {
        switch self {
        case .pending: "pending"
        case .running: "running"
        case .success: "success"
        case .killed: "canceled"
        default: "failed"
        }
    }
}

extension Level {
    /// Guests see no code of private projects: 10; reporters do: 20; developers push: 30; maintainers: 40; owners: 50.
    init(gitLab level: Int) {
        switch level {
        case 40...: self = .admin
        case 30..<40: self = .write
        case 15..<30: self = .read
        default: self = .none
        }
    }
}
