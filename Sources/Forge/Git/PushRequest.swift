package import Core
import Sealing

/// The headers of the plain-git forge's hook requests.
private enum Header {
    static let event = "X-Skep-Event"
    static let delivery = "X-Skep-Delivery"
    static let signature = "X-Skep-Signature-256"
    static let signatureStart = "sha256="
}

extension HookRequest {
    /// A push, signed with HMAC-SHA256 over the raw body.
    init(push: PushPayload, deliveryID: String, secret: String) throws {
        let body = try push.encoded()
        let signature = HMAC.sha256(key: secret.utf8, data: body).hex
        self.init(
            headers: [
                ("Content-Type", "application/json"),
                (Header.event, "push"),
                (Header.delivery, deliveryID),
                (Header.signature, Header.signatureStart + signature),
            ],
            body: body)
    }
}

extension GitForge {
    /// The hook request that a push of these refs would have sent, for pushes that nobody told of. It is not signed.
    package func request(for changes: [RefChange], in path: RepoPath, deliveryID: String) throws -> HookRequest {
        let refs = changes.map { PushPayload.Ref(ref: $0.ref, before: $0.before, after: $0.after) }
        let payload = PushPayload(repository: .init(fullName: path.fullName), refs: refs, pushedAt: nil)
        return try HookRequest(push: payload, deliveryID: deliveryID, secret: "")
    }

    package func identify(_ request: HookRequest) throws(HookError) -> HookIdentity {
        guard request.body.count <= ForgeLimits.hookBody else { throw .tooLarge }
        guard let event = request[header: Header.event], event.isShortAndPrintable else {
            throw .malformed("the header \(Header.event) is missing")
        }
        guard let delivery = request[header: Header.delivery], delivery.isShortAndPrintable else {
            throw .malformed("the header \(Header.delivery) is missing, or not 1 to 100 printable characters")
        }
        let pushed = try PushPayload.decode(PushedRepository.self, from: request.body)
        return HookIdentity(repo: try path(named: pushed.repository.fullName), deliveryID: delivery, event: event)
    }

    private func path(named fullName: String) throws(HookError) -> RepoPath {
        let parts = fullName.split(separator: "/", omittingEmptySubsequences: false)
        let path = RepoPath(
            forge: forge, owner: parts.dropLast().joined(separator: "/"), name: parts.last.map(String.init) ?? "")
        guard path.isValid else { throw .malformed("`repository.full_name` is not the name of a repository") }
        return path
    }

    package func parse(_ request: HookRequest, secret: String) throws(HookError) -> HookEvent {
        guard request.body.count <= ForgeLimits.hookBody else { throw .tooLarge }
        try GitForge.verify(request, secret: secret)
        return try read(request)
    }

    package func read(_ request: HookRequest) throws(HookError) -> HookEvent {
        guard request[header: Header.event] == "push" else { return .ignored(reason: "not a push") }
        let push = try PushPayload.decode(PushPayload.self, from: request.body)
        var changes: [RefChange] = []
        for ref in push.refs {
            if let change = try ref.change() { changes.append(change) }
        }
        return changes.isEmpty ? .ignored(reason: "no branch or tag moved") : .refs(changes, pushedAt: push.pushedAt)
    }

    private static func verify(_ request: HookRequest, secret: String) throws(HookError) {
        guard let header = request[header: Header.signature], header.hasPrefix(Header.signatureStart), !secret.isEmpty,
            let code = [UInt8](hex: header.dropFirst(Header.signatureStart.count)),
            HMAC.isValid(sha256: code, key: secret.utf8, data: request.body)
        else { throw .badSignature }
    }
}
