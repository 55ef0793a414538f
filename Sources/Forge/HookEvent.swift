package import Core
package import FoundationEssentials

/// What a verified hook request tells.
package enum HookEvent: Sendable, Hashable {
    /// Branches and tags that moved, at least one, in the forge's order.
    case refs([RefChange], pushedAt: Date?)
    /// One branch or tag that moved or is gone, from a forge that sends a request for each.
    ///
    /// Of an annotated tag, `after` is the commit where the forge names it, else the tag object.
    case moved(RefChange, HookDetails)
    /// A pull request that was opened or reopened, or has new commits.
    case pullRequest(PullRequestChange)
    /// A pull request that was closed or merged.
    case pullRequestEnded(PullRequestEnd)
    /// Somebody asked for a deployment.
    case deployment(DeploymentRequest)
    /// The repository itself changed.
    case repository(RepositoryChange)
    /// Nothing that Skep acts on.
    case ignored(reason: String)
}

/// What a hook says of a change that the commit does not. Empty: it does not say.
package struct HookDetails: Sendable, Hashable {
    /// Of a pull request.
    package var title = ""
    /// As sent: Gitea's and Gogs' end with a newline.
    package var message = ""
    /// A login on the forge.
    package var author = ""
    package var authorEmail = ""
    /// The address of a picture.
    package var authorAvatar = ""
    /// A page that shows the change.
    package var linkURL = ""

    package init() {}
}

package struct PullRequestChange: Sendable, Hashable {
    package var number: Int64
    /// Where the repository that was asked to pull keeps it, such as `refs/pull/7/head`.
    package var ref: String
    /// The newest commit. Empty: the forge does not say, and has to be asked what `ref` is (Gogs).
    package var commit: String
    /// The branch it comes from, and the one it goes to.
    package var headBranch: String
    package var baseBranch: String
    /// Whether its commits come from another repository, or may: also where that one is gone.
    package var isFromFork: Bool
    package var details: HookDetails

    package init(
        number: Int64, ref: String, commit: String, headBranch: String, baseBranch: String, isFromFork: Bool,
        details: HookDetails
    ) {
        self.number = number
        self.ref = ref
        self.commit = commit
        self.headBranch = headBranch
        self.baseBranch = baseBranch
        self.isFromFork = isFromFork
        self.details = details
    }
}

package struct PullRequestEnd: Sendable, Hashable {
    package var ref: String
    package var isMerged: Bool

    package init(ref: String, isMerged: Bool) {
        self.ref = ref
        self.isMerged = isMerged
    }

    /// Why builds of it are cancelled.
    package var reason: String {
        let word = ref.hasPrefix("refs/merge-requests/") ? "merge" : "pull"
        return "\(word) request \(isMerged ? "merged" : "closed"): \(ref)"
    }
}

package struct DeploymentRequest: Sendable, Hashable {
    /// The forge's id of the deployment, which its statuses are posted to.
    package var id: Int64
    /// As whoever asked for it wrote it: a branch, a tag or an object name.
    package var ref: String
    package var commit: String
    package var environment: String
    package var details: HookDetails

    package init(id: Int64, ref: String, commit: String, environment: String, details: HookDetails) {
        self.id = id
        self.ref = ref
        self.commit = commit
        self.environment = environment
        self.details = details
    }
}

package struct RepositoryChange: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case renamed, transferred, privatized, publicized, deleted
        /// Its default branch or its page.
        case edited
    }

    package var kind: Kind
    /// As it is now; where it was deleted, as it was.
    package var repository: ForgeRepository

    package init(kind: Kind, repository: ForgeRepository) {
        self.kind = kind
        self.repository = repository
    }
}
