import Core

/// The bodies that GitLab sends. Nothing is required that only some events have.
struct GitLabPayload: Decodable {
    var objectKind: String?
    var ref: String?
    var before: String?
    var after: String?
    /// The commit, also of an annotated tag. nil: the ref is gone.
    var checkoutSha: String?
    var userUsername: String?
    var userEmail: String?
    var userAvatar: String?
    var commits: [Commit]?
    var user: User?
    var objectAttributes: MergeRequest?
    var project: Project

    struct Project: Decodable {
        var webUrl: String?
    }

    struct User: Decodable {
        var id: Int64?
        var username: String?
        var email: String?
        var avatarUrl: String?
    }

    struct Commit: Decodable {
        var id: String
        var message: String?
        var url: String?
        var author: Author?
    }

    struct Author: Decodable {
        var email: String?
    }

    struct MergeRequest: Decodable {
        var iid: Int64?
        var action: String?
        var oldrev: String?
        var title: String?
        var url: String?
        var authorId: Int64?
        var sourceBranch: String?
        var targetBranch: String?
        var sourceProjectId: Int64?
        var targetProjectId: Int64?
        var lastCommit: Commit?
    }
}

/// Only what names the project.
struct GitLabIdentity: Decodable {
    var project: Project

    struct Project: Decodable {
        var id: Int64
        /// With the groups and subgroups it is in. Its `name` and `namespace` are for people.
        var pathWithNamespace: String
    }
}

extension GitLabPayload {
    func push() throws(HookError) -> HookEvent {
        guard let ref else { throw .malformed("`ref` is missing") }
        let before = try ObjectName.read(before)
        let after = try ObjectName.read(after)
        guard ref.hasPrefix("refs/heads/") || ref.hasPrefix("refs/tags/"), before != after else {
            return .ignored(reason: "no branch or tag moved")
        }
        guard let after else { return SharedPayload.gone(ref, before: before) }
        let commit = try ObjectName.read(checkoutSha) ?? after
        return .moved(RefChange(ref: ref, before: before, after: commit), details(of: commit))
    }

    private func details(of id: String) -> HookDetails {
        let commit = commits?.last { $0.id == id }
        var details = HookDetails()
        details.message = commit?.message ?? ""
        details.author = userUsername ?? ""
        details.authorEmail = userEmail ?? ""
        details.authorAvatar = userAvatar ?? ""
        details.linkURL = commit?.url ?? project.webUrl ?? ""
        return details
    }

    func mergeRequest() throws(HookError) -> HookEvent {
        guard let request = objectAttributes, let number = request.iid else {
            throw .malformed("`object_attributes.iid` is missing")
        }
        let ref = "refs/merge-requests/\(number)/head"
        switch request.action {
        case "open", "reopen": return .pullRequest(try change(request, number: number, ref: ref))
        case "update":
            guard request.oldrev?.isEmpty == false else {
                return .ignored(reason: "merge request update without oldrev: no new commits")
            }
            return .pullRequest(try change(request, number: number, ref: ref))
        case "close", "merge": return .pullRequestEnded(PullRequestEnd(ref: ref, isMerged: request.action == "merge"))
        default: return .ignored(reason: "merge request \(request.action?.onOneLine ?? "event")")
        }
    }

    private func change(_ request: MergeRequest, number: Int64, ref: String) throws(HookError) -> PullRequestChange {
        guard let commit = try ObjectName.read(request.lastCommit?.id) else {
            throw .malformed("`object_attributes.last_commit.id` is missing")
        }
        var details = HookDetails()
        details.title = request.title ?? ""
        details.message = request.title ?? ""
        details.linkURL = request.url ?? ""
        // `user` is who acted. Whose the merge request is stands there as a number only.
        if let user, user.id != nil, user.id == request.authorId {
            details.author = user.username ?? ""
            details.authorEmail = user.email ?? ""
            details.authorAvatar = user.avatarUrl ?? ""
        }
        let source = request.sourceProjectId
        return PullRequestChange(
            number: number, ref: ref, commit: commit, headBranch: request.sourceBranch ?? "",
            baseBranch: request.targetBranch ?? "",
            isFromFork: source == nil || source != request.targetProjectId, details: details)
    }
}
