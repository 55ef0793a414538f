import Core
import Store

extension JSONWriter {
    mutating func repo(_ repo: Repo) {
        object { json in
            json.field("id", repo.id)
            json.field("scm", "git")
            json.field("owner", repo.owner)
            json.field("name", repo.name)
            json.field("full_name", repo.fullName)
            json.field("avatar_url", repo.avatarURL)
            json.field("link_url", repo.linkURL)
            json.field("clone_url", repo.cloneURL)
            json.field("default_branch", repo.defaultBranch)
            json.field("timeout", repo.timeout)
            json.field("private", repo.isPrivate)
            json.field("trusted", repo.trusted)
            json.field("allow_pr", repo.allows.pullRequests)
            json.field("allow_push", repo.allows.pushes)
            json.field("allow_deploys", repo.allows.deployments)
            json.field("allow_tags", repo.allows.tags)
            json.field("path", repo.path.description)
            json.field("priority", repo.scheduling.priority)
            json.field("max_running", repo.scheduling.maximumRunning ?? 0)
            json.field("cancel_pushes", repo.scheduling.cancelsPushes)
            json.field("cancel_pulls", repo.scheduling.cancelsPullRequests)
            json.field("approval", repo.approval.rawValue)
        }
    }
}

/// The body of `PATCH /api/repos/{owner}/{name}`. The singular names are those of old clients; the documented ones win.
struct RepoChangePayload: Decodable {
    var timeout: WholeNumber?
    var isPrivate: Bool?
    var trusted: Bool?
    var allowPR: Bool?
    var allowPush: Bool?
    var allowDeploys: Bool?
    var allowDeploy: Bool?
    var allowTags: Bool?
    var allowTag: Bool?
    var priority: WholeNumber?
    var maxRunning: WholeNumber?
    var cancelPushes: Bool?
    var cancelPulls: Bool?
    var approval: String?

    enum CodingKeys: String, CodingKey {
        case timeout, trusted, priority, approval
        case isPrivate = "private"
        case allowPR = "allow_pr"
        case allowPush = "allow_push"
        case allowDeploys = "allow_deploys"
        case allowDeploy = "allow_deploy"
        case allowTags = "allow_tags"
        case allowTag = "allow_tag"
        case maxRunning = "max_running"
        case cancelPushes = "cancel_pushes"
        case cancelPulls = "cancel_pulls"
    }

    var change: RepoChange {
        var change = RepoChange()
        change.timeout = timeout?.value
        change.isPrivate = isPrivate
        change.trusted = trusted
        change.allowPullRequests = allowPR
        change.allowPushes = allowPush
        change.allowDeployments = allowDeploys ?? allowDeploy
        change.allowTags = allowTags ?? allowTag
        change.priority = priority?.value
        change.maximumRunning = maxRunning?.value
        change.cancelPushes = cancelPushes
        change.cancelPullRequests = cancelPulls
        change.approval = approval.map(ApprovalRule.init(stored:))
        return change
    }
}
