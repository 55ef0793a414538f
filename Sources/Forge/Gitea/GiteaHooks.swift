import Core
import FoundationEssentials

/// Hooks as Gitea, Forgejo and Gogs send them, in their own names and in those that they share.
///
/// Source: https://docs.gitea.com/usage/webhooks, https://forgejo.org/docs/latest/user/webhooks,
/// https://gogs.io/docs/features/webhook, and recordings of Gitea 1.15 and Gogs 0.11.
package struct GiteaHooks: Sendable {
    /// The name of the forge in URLs; nil for the default one.
    let forge: String?

    package init(forge: String?) { self.forge = forge }

    /// The forge's own name comes first: each sends the names of those before it too.
    private static let families = ["Forgejo", "Gitea", "Gogs", "GitHub"]
    private static let events = families.map { "X-\($0)-Event" }
    private static let deliveries = families.map { "X-\($0)-Delivery" }
    private static let signatures = [
        ("X-Forgejo-Signature", ""), ("X-Gitea-Signature", ""), ("X-Gogs-Signature", ""),
        ("X-Hub-Signature-256", "sha256="),
    ]

    package func identify(_ request: HookRequest) throws(HookError) -> HookIdentity {
        let event = try request.short(Self.events)
        let delivery = try request.short(Self.deliveries)
        let named = try JSONDecoder.forHooks.decode(SharedIdentity.self, fromHook: request.json).repository
        let path = try RepoPath(hook: named.fullName, on: forge, field: "repository.full_name")
        return HookIdentity(repo: path, forgeRepoID: "\(named.id)", deliveryID: delivery, event: event)
    }

    /// The signature is over the JSON text, also where a form carries it.
    package func parse(_ request: HookRequest, secret: String) throws(HookError) -> HookEvent {
        try request.verify(Self.signatures, over: request.json, secret: secret)
        return try read(request)
    }

    package func read(_ request: HookRequest) throws(HookError) -> HookEvent {
        let event = try request.short(Self.events)
        let payload = try JSONDecoder.forHooks.decode(SharedPayload.self, fromHook: request.json)
        switch event {
        case "push": return try payload.push()
        case "create": return try creation(payload, request)
        case "delete": return try payload.deletion()
        case "pull_request", "pull_request_sync": return try payload.pullRequest("head")
        case "repository":
            guard let change = try payload.repositoryChange(on: forge) else {
                return .ignored(reason: "repository \(payload.action?.onOneLine ?? "event")")
            }
            return .repository(change)
        default: return .ignored(reason: payload.reason(for: event))
        }
    }

    /// Gitea pushes what it creates; Gogs does not push tags. The object of an annotated one is the tag.
    private func creation(_ payload: SharedPayload, _ request: HookRequest) throws(HookError) -> HookEvent {
        let isGogs = request.first(of: ["X-Forgejo-Event", "X-Gitea-Event"]) == nil
        guard isGogs, payload.refType == "tag" else { return .ignored(reason: "the push event makes the build") }
        guard let tag = payload.ref, let object = try ObjectName.read(payload.sha) else {
            throw .malformed("`sha` is missing")
        }
        var details = HookDetails()
        details.author = payload.sender?.loginName ?? ""
        details.authorEmail = payload.sender?.email ?? ""
        details.authorAvatar = payload.sender?.avatarUrl ?? ""
        return .moved(RefChange(ref: "refs/tags/\(tag)", before: nil, after: object), details)
    }
}
