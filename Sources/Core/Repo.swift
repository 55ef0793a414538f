/// A repository that Skep builds.
package struct Repo: Sendable, Hashable, Identifiable {
    package var id: Int64
    package var tenantID: Int64
    package var forgeID: Int64
    /// nil on the default forge.
    package var forge: String?
    package var owner: String
    package var name: String
    package var avatarURL: String
    package var linkURL: String
    package var cloneURL: String
    package var defaultBranch: String
    /// Minutes a job may run, 1 to 1440.
    package var timeout: Int
    package var isPrivate: Bool
    package var trusted: Bool
    package var allows: Allowed
    package var scheduling: Scheduling
    /// Which builds wait for somebody's word.
    package var approval: ApprovalRule

    /// Which events make builds.
    package struct Allowed: Sendable, Hashable {
        package var pullRequests: Bool
        package var pushes: Bool
        package var deployments: Bool
        package var tags: Bool

        package init(pullRequests: Bool, pushes: Bool, deployments: Bool, tags: Bool) {
            self.pullRequests = pullRequests
            self.pushes = pushes
            self.deployments = deployments
            self.tags = tags
        }

        package subscript(event: Event) -> Bool {
            switch event {
            case .push: pushes
            case .pullRequest: pullRequests
            case .tag: tags
            case .deployment: deployments
            case .unknown: false
            }
        }
    }

    package init(
        id: Int64, tenantID: Int64, forgeID: Int64, forge: String?, owner: String, name: String, avatarURL: String,
        linkURL: String, cloneURL: String, defaultBranch: String, timeout: Int, isPrivate: Bool, trusted: Bool,
        allows: Allowed, scheduling: Scheduling = Scheduling(), approval: ApprovalRule = .forks
    ) {
        self.id = id
        self.tenantID = tenantID
        self.forgeID = forgeID
        self.forge = forge
        self.owner = owner
        self.name = name
        self.avatarURL = avatarURL
        self.linkURL = linkURL
        self.cloneURL = cloneURL
        self.defaultBranch = defaultBranch
        self.timeout = timeout
        self.isPrivate = isPrivate
        self.trusted = trusted
        self.allows = allows
        self.scheduling = scheduling
        self.approval = approval
    }

    package var fullName: String { "\(owner)/\(name)" }

    package var path: RepoPath { RepoPath(forge: forge, owner: owner, name: name) }

    package static let defaultTimeout = 60
    package static let timeouts = 1...1440
}
