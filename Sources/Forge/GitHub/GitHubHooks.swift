import Core
import FoundationEssentials

/// Hooks as GitHub and GitHub Enterprise Server send them.
///
/// Source: https://docs.github.com/webhooks/webhook-events-and-payloads and …/using-webhooks/validating-webhook-deliveries
package struct GitHubHooks: Sendable {
    /// The name of the forge in URLs; nil for the default one.
    let forge: String?

    package init(forge: String?) { self.forge = forge }

    package func identify(_ request: HookRequest) throws(HookError) -> HookIdentity {
        let event = try request.short(["X-GitHub-Event"])
        let delivery = try request.short(["X-GitHub-Delivery"])
        let named = try JSONDecoder.forHooks.decode(SharedIdentity.self, fromHook: request.json).repository
        let path = try RepoPath(hook: named.fullName, on: forge, field: "repository.full_name")
        return HookIdentity(repo: path, forgeRepoID: "\(named.id)", deliveryID: delivery, event: event)
    }

    /// The signature is over the raw body, also of a form.
    package func parse(_ request: HookRequest, secret: String) throws(HookError) -> HookEvent {
        guard request.body.count <= ForgeLimits.hookBody else { throw .tooLarge }
        try request.verify([("X-Hub-Signature-256", "sha256=")], over: request.body, secret: secret)
        return try read(request)
    }

    package func read(_ request: HookRequest) throws(HookError) -> HookEvent {
        let event = try request.short(["X-GitHub-Event"])
        let payload = try JSONDecoder.forHooks.decode(SharedPayload.self, fromHook: request.json)
        switch event {
        case "push": return try payload.push()
        case "create": return .ignored(reason: "the push event makes the build")
        case "delete": return try payload.deletion()
        case "pull_request": return try payload.pullRequest("merge")
        case "deployment": return try deployment(payload)
        case "repository":
            guard let change = try payload.repositoryChange(on: forge) else {
                return .ignored(reason: "repository \(payload.action?.onOneLine ?? "event")")
            }
            return .repository(change)
        default: return .ignored(reason: payload.reason(for: event))
        }
    }

    /// Old servers send no `action`; the others send `created`.
    private func deployment(_ payload: SharedPayload) throws(HookError) -> HookEvent {
        guard let asked = payload.deployment else { throw .malformed("`deployment` is missing") }
        guard ["created", nil].contains(payload.action) else {
            return .ignored(reason: "deployment \(payload.action?.onOneLine ?? "")")
        }
        guard let commit = try ObjectName.read(asked.sha) else { throw .malformed("`deployment.sha` is empty") }
        var details = HookDetails()
        details.message = asked.description ?? ""
        details.author = payload.sender?.loginName ?? ""
        details.authorAvatar = payload.sender?.avatarUrl ?? ""
        return .deployment(
            DeploymentRequest(
                id: asked.id, ref: asked.ref, commit: commit, environment: asked.environment, details: details))
    }
}

extension SharedPayload {
    /// Why an event of that name makes nothing.
    func reason(for event: String) -> String {
        switch event {
        case "ping": return "ping"
        case "fork": return "repository forked"
        case "release": return "release \(action?.onOneLine ?? "")"
        case "issues": return "issue \(action?.onOneLine ?? "")"
        // Gitea tells of a review under this name too, with a pull request and no issue.
        case "issue_comment": return issue == nil ? "pull request review comment" : "issue comment"
        case "pull_request_approved", "pull_request_rejected": return "pull request review"
        case "pull_request_comment": return "pull request review comment"
        default: return "\(event) is not an event that Skep builds"
        }
    }
}
