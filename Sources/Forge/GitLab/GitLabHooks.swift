import Core
import FoundationEssentials
import Sealing

/// Hooks as GitLab sends them for a project.
///
/// Source: https://docs.gitlab.com/user/project/integrations/webhooks and …/webhook_events; signatures as in
/// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
package struct GitLabHooks: Sendable {
    /// The name of the forge in URLs; nil for the default one.
    let forge: String?

    package init(forge: String?) { self.forge = forge }

    /// A delivery that is sent again keeps the first two ids. The last one is shared by all that one event set off, hooks of
    /// hooks too, so that what is in the body belongs to it.
    package func identify(_ request: HookRequest) throws(HookError) -> HookIdentity {
        guard request.body.count <= ForgeLimits.hookBody else { throw .tooLarge }
        guard let event = request[header: "X-Gitlab-Event"], event.replacing(" ", with: "_").isShortAndPrintable else {
            throw .malformed("the header X-Gitlab-Event is missing")
        }
        let named = try JSONDecoder.forHooks.decode(GitLabIdentity.self, fromHook: request.body).project
        let path = try RepoPath(hook: named.pathWithNamespace, on: forge, field: "project.path_with_namespace")
        return HookIdentity(
            repo: path, forgeRepoID: "\(named.id)", deliveryID: try deliveryID(request), event: event)
    }

    private func deliveryID(_ request: HookRequest) throws(HookError) -> String {
        let kept = ["webhook-id", "Idempotency-Key"]
        if request.first(of: kept) != nil { return try request.short(kept) }
        let event = try request.short(["X-Gitlab-Event-UUID"])
        return "\(event.prefix(60)).\(Digest.sha256(request.body).prefix(16).hex)"
    }

    package func parse(_ request: HookRequest, secret: String) throws(HookError) -> HookEvent {
        guard request.body.count <= ForgeLimits.hookBody else { throw .tooLarge }
        guard hasToken(request, secret) || isSigned(request, secret) else { throw .badSignature }
        return try read(request)
    }

    private func hasToken(_ request: HookRequest, _ secret: String) -> Bool {
        guard let token = request[header: "X-Gitlab-Token"], !secret.isEmpty else { return false }
        return constantTimeEqual(token.utf8, secret.utf8)
    }

    /// Several signatures stand side by side, with a space between, while a key is replaced.
    private func isSigned(_ request: HookRequest, _ secret: String) -> Bool {
        guard !secret.isEmpty, let id = request[header: "webhook-id"],
            let time = request[header: "webhook-timestamp"],
            let signatures = request[header: "webhook-signature"]
        else { return false }
        let text = Array("\(id).\(time).".utf8) + request.body
        let key = GitLabHooks.signingKey(secret)
        return signatures.split(separator: " ").contains { signature in
            guard signature.hasPrefix("v1,"), let code = [UInt8](base64: signature.dropFirst(3)) else { return false }
            return HMAC.isValid(sha256: code, key: key, data: text)
        }
    }

    /// A secret of Skep's is 64 hex digits: GitLab is given the 32 bytes they stand for as `whsec_` and base 64.
    private static func signingKey(_ secret: String) -> [UInt8] {
        let start = "whsec_"
        if secret.hasPrefix(start), let key = [UInt8](base64: secret.dropFirst(start.count)) { return key }
        if secret.utf8.count == 64, let key = [UInt8](hex: secret) { return key }
        return Array(secret.utf8)
    }

    /// What GitLab is to sign with, so that `parse` takes it with `secret`.
    package static func signingToken(_ secret: String) -> String { "whsec_\(signingKey(secret).base64)" }

    package func read(_ request: HookRequest) throws(HookError) -> HookEvent {
        let payload = try JSONDecoder.forHooks.decode(GitLabPayload.self, fromHook: request.body)
        switch payload.objectKind {
        case "push", "tag_push": return try payload.push()
        case "merge_request": return try payload.mergeRequest()
        default: return .ignored(reason: "\(payload.objectKind?.onOneLine ?? "this") is not an event that Skep builds")
        }
    }
}
