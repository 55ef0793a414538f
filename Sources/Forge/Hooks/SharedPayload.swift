import Core

/// The bodies that GitHub, Gitea, Forgejo and Gogs send: the same names for nearly the same things.
///
/// Nothing is required that one of them leaves out; what an event cannot do without is checked where it is read.
struct SharedPayload: Decodable {
    var action: String?
    var ref: String?
    var refType: String?
    var before: String?
    var after: String?
    /// Of what was made (Gogs).
    var sha: String?
    var compare: String?
    var compareUrl: String?
    var headCommit: Commit?
    var commits: [Commit]?
    var pusher: Account?
    var sender: Account?
    var repository: Repository
    /// Of the pull request, also where that itself has none.
    var number: Int64?
    var pullRequest: PullRequest?
    var issue: Empty?
    var deployment: Deployment?

    struct Empty: Decodable {}

    struct Account: Decodable {
        var id: Int64?
        var login: String?
        var username: String?
        var name: String?
        var email: String?
        var avatarUrl: String?

        /// Empty names count as none: Gitea sends them for addresses that it does not know.
        var loginName: String? { [login, username].lazy.compactMap { $0 }.first { !$0.isEmpty } }
    }

    struct Commit: Decodable {
        var id: String
        var message: String?
        var url: String?
        var author: Account?
    }

    struct Repository: Decodable {
        var id: Int64
        var name: String?
        var fullName: String
        var owner: Account?
        var htmlUrl: String?
        var cloneUrl: String?
        var defaultBranch: String?
        var `private`: Bool?
    }

    struct Branch: Decodable {
        var ref: String?
        var sha: String?
        var repo: RepositoryID?
    }

    struct RepositoryID: Decodable {
        var id: Int64?
    }

    struct PullRequest: Decodable {
        var number: Int64?
        var title: String?
        var htmlUrl: String?
        var state: String?
        var merged: Bool?
        var user: Account?
        var head: Branch?
        var base: Branch?
        /// Gogs has these in place of `head` and `base`, and no commit.
        var headBranch: String?
        var headRepo: RepositoryID?
        var baseBranch: String?
        var baseRepo: RepositoryID?
    }

    struct Deployment: Decodable {
        var id: Int64
        var sha: String
        var ref: String
        var environment: String
        var description: String?
    }
}

/// Only what names the repository.
struct SharedIdentity: Decodable {
    var repository: Repository

    struct Repository: Decodable {
        var id: Int64
        var fullName: String
    }
}

extension SharedPayload {
    /// What a push tells.
    func push() throws(HookError) -> HookEvent {
        guard let ref else { throw .malformed("`ref` is missing") }
        let before = try ObjectName.read(before)
        let after = try ObjectName.read(after)
        guard ref.hasPrefix("refs/heads/") || ref.hasPrefix("refs/tags/"), before != after else {
            return .ignored(reason: "no branch or tag moved")
        }
        guard let after else { return Self.gone(ref, before: before) }
        // Of an annotated tag `after` is the tag.
        let isTag = ref.hasPrefix("refs/tags/")
        let commit = isTag ? try ObjectName.read(headCommit?.id) ?? after : after
        return .moved(RefChange(ref: ref, before: before, after: commit), pushDetails(of: after))
    }

    /// A tag that is gone cancels nothing: what was built of it stays right.
    static func gone(_ ref: String, before: String?) -> HookEvent {
        guard ref.hasPrefix("refs/heads/") else { return .ignored(reason: "tag deleted") }
        return .moved(RefChange(ref: ref, before: before, after: nil), HookDetails())
    }

    /// Lists of commits are capped, and in an order of the forge's own: they are searched for the one that counts.
    private func pushDetails(of id: String) -> HookDetails {
        let commit = headCommit ?? commits?.first { $0.id == id }
        var details = HookDetails()
        details.message = commit?.message ?? ""
        details.linkURL = commit?.url ?? compareUrl ?? compare ?? ""
        let known = commit?.author?.loginName
        // GitHub's pusher has its login in `name`.
        details.author = known ?? pusher?.loginName ?? pusher?.name ?? sender?.loginName ?? ""
        details.authorEmail = commit?.author?.email ?? pusher?.email ?? ""
        details.authorAvatar = sender?.loginName == details.author ? sender?.avatarUrl ?? "" : ""
        return details
    }

    /// What became of a branch or tag, without what was there before.
    func deletion() throws(HookError) -> HookEvent {
        guard let ref, let refType else { throw .malformed("`ref_type` is missing") }
        return Self.gone(refType == "branch" ? "refs/heads/\(ref)" : "refs/tags/\(ref)", before: nil)
    }

    /// - Parameter suffix: `head` or `merge`: which of the refs of a pull request is built.
    func pullRequest(_ suffix: String) throws(HookError) -> HookEvent {
        guard let action else { throw .malformed("`action` is missing") }
        guard let pull = pullRequest, let number = pull.number ?? number else {
            throw .malformed("`pull_request` is missing")
        }
        let ref = "refs/pull/\(number)/\(suffix)"
        switch action {
        case "opened", "reopened", "synchronize", "synchronized":
            return .pullRequest(try change(pull, number: number, ref: ref))
        case "closed":
            return .pullRequestEnded(PullRequestEnd(ref: ref, isMerged: pull.merged ?? false))
        default:
            return .ignored(reason: "pull request \(action.onOneLine)")
        }
    }

    private func change(_ pull: PullRequest, number: Int64, ref: String) throws(HookError) -> PullRequestChange {
        var details = HookDetails()
        details.title = pull.title ?? ""
        details.message = pull.title ?? ""
        details.author = pull.user?.loginName ?? ""
        details.authorEmail = pull.user?.email ?? ""
        details.authorAvatar = pull.user?.avatarUrl ?? ""
        details.linkURL = pull.htmlUrl ?? ""
        let head = pull.head?.repo?.id ?? pull.headRepo?.id
        let base = pull.base?.repo?.id ?? pull.baseRepo?.id
        return PullRequestChange(
            number: number, ref: ref, commit: try ObjectName.read(pull.head?.sha) ?? "",
            headBranch: pull.head?.ref ?? pull.headBranch ?? "", baseBranch: pull.base?.ref ?? pull.baseBranch ?? "",
            isFromFork: head == nil || head != base, details: details)
    }

    /// nil where the repository stayed what it was, as far as Skep knows it.
    func repositoryChange(on forge: String?) throws(HookError) -> RepositoryChange? {
        guard let action, let kind = RepositoryChange.Kind(rawValue: action) else { return nil }
        let path = try RepoPath(hook: repository.fullName, on: forge, field: "repository.full_name")
        let now = ForgeRepository(
            owner: path.owner, name: path.name, forgeRepoID: "\(repository.id)",
            forgeTenantID: repository.owner?.id.map { "\($0)" } ?? "", cloneURL: repository.cloneUrl ?? "",
            linkURL: repository.htmlUrl ?? "", defaultBranch: repository.defaultBranch ?? "",
            isPrivate: repository.private ?? true, avatarURL: repository.owner?.avatarUrl ?? "")
        return RepositoryChange(kind: kind, repository: now)
    }
}
