import Core
import Forge
import Logging
import Sealing

private let forge = GitForge(root: "/nowhere", executable: "/nowhere/skep", logger: Logger(label: "fuzz"))
private let secret = "secret"

/// A hook request: the first line is the delivery's id, the rest the body; once signed rightly, once with what the id says.
func fuzzDelivery(_ input: [UInt8]) {
    let (line, body) = firstLine(input)
    let code = HMAC.sha256(key: secret.utf8, data: body).hex
    for signature in ["sha256=\(code)", line] {
        let request = HookRequest(
            headers: [
                ("X-Skep-Event", "push"), ("X-Skep-Delivery", line), ("X-Skep-Signature-256", signature),
            ], body: body)
        if let identity = try? forge.identify(request) {
            precondition(identity.repo.isValid, "\(identity.repo)")
            precondition((1...100).contains(identity.deliveryID.utf8.count))
        }
        guard let event = try? forge.parse(request, secret: secret) else { continue }
        precondition(signature == "sha256=\(code)" || signature.lowercased() == "sha256=\(code)", "a wrong signature")
        guard case .refs(let changes, _) = event else { continue }
        precondition(!changes.isEmpty && changes.allSatisfy { $0.before != $0.after })
    }
}
