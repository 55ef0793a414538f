import Builds
import Core
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Sealing
import Store

/// A context whose caller can have keys.
protocol KeyedContext: RequestContext {
    /// nil: no user's.
    var keyOwner: Caller? { get }
}

extension UserContext: KeyedContext { var keyOwner: Caller? { caller } }
extension AdminContext: KeyedContext { var keyOwner: Caller? { caller } }
extension PushContext: KeyedContext { var keyOwner: Caller? { access.caller } }
extension RepoAdminContext: KeyedContext { var keyOwner: Caller? { access.caller } }

/// Does what a request with an `Idempotency-Key` asks for once, and answers each repetition within 24 hours as the first
/// (draft-ietf-httpapi-idempotency-key-header-07). Stands behind the guards: what they refuse is not kept.
struct Idempotent<Context: KeyedContext>: RouterMiddleware {
    let store: Store

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let key = try request.idempotencyKey, let owner = context.keyOwner else {
            return try await next(request, context)
        }
        var request = request
        let body = try await request.collectBody(upTo: Self.largestBody)
        let identity = Self.identity(
            request.method.rawValue, request.uri.path, query: request.uri.queryParameters.map { ($0.key, $0.value) },
            token: owner.token.level == .admin ? nil : owner.token.id, body.readableBytesView)
        let outcome = try await store.claimKey(key, userID: owner.user.id, request: identity)
        switch outcome {
        case .first(let claim): return try await answer(request, context, claim, next)
        case .reply(let reply): return reply.repeated
        case .otherRequest: throw KeyRefusal.otherRequest
        case .inProgress: throw KeyRefusal.inProgress
        case .replyLost: throw KeyRefusal.replyLost
        }
    }

    /// More than any of the routes takes.
    private static var largestBody: Int { 1 << 20 }

    /// What makes a request the same: a hash of all of it but the token.
    ///
    /// - Parameter token: the id of one that may not do all its user may: the request is the same only with that token.
    static func identity(
        _ method: String, _ path: String, query: [(Substring, Substring)] = [], token: Int64? = nil,
        _ body: some Sequence<UInt8>
    ) -> [UInt8] {
        let query = query.filter { $0.0 != "access_token" }.map { "\($0.0)=\($0.1)" }
        let parts = [method, path, token.map(String.init) ?? ""] + query
        var bytes = Array(parts.map { "\($0.utf8.count):\($0)" }.joined(separator: "\n").utf8)
        bytes.append(0)
        bytes.append(contentsOf: body)
        return Digest.sha256(bytes)
    }

    private func answer(
        _ request: Request, _ context: Context, _ claim: KeyClaim,
        _ next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let response: Response
        do {
            response = try await KeyClaim.$current.withValue(claim) { try await next(request, context) }
        } catch {
            await settle(claim, error, context)
            throw error
        }
        guard !claim.hasReply else { return response }
        let reply = try await KeptReply(response)
        do { try await store.finish(claim, reply) } catch { note(error, context) }
        return response
    }

    /// What the client did wrong stays wrong; after anything else, the key may be tried again.
    private func settle(_ claim: KeyClaim, _ error: any Error, _ context: Context) async {
        let failure = Failure(error)
        do {
            if failure.isFinal {
                let response = failure.response(requestID: Origin.current?.requestID ?? "")
                try await store.finish(claim, try await KeptReply(response))
            } else {
                try await store.release(claim)
            }
        } catch {
            note(error, context)
        }
    }

    private func note(_ error: any Error, _ context: Context) {
        context.logger.warning("a reply could not be kept", metadata: ["error": "\(error)"])
    }
}

/// Makes something, and answers with it. Under an `Idempotency-Key` the reply is kept in the transaction that makes the thing.
func once<T: Sendable>(
    _ make: () async throws -> T, answer: @escaping @Sendable (T) -> Response
) async throws -> Response {
    KeyClaim.current?.answer { value in
        guard let value = value as? T else { return nil }
        return try await KeptReply(answer(value))
    }
    return answer(try await make())
}

extension Failure {
    /// The same request would be answered the same again.
    fileprivate var isFinal: Bool { (400..<500).contains(status.code) && ![401, 408, 429].contains(status.code) }
}

extension Request {
    /// nil: there is none. Quotes around it, as the draft has them, do not belong to it.
    fileprivate var idempotencyKey: String? {
        get throws {
            let values = headers[values: .idempotencyKey]
            guard let value = values.first else { return nil }
            var key = value[...]
            if key.utf8.count >= 2, key.first == "\"", key.last == "\"" { key = key.dropFirst().dropLast() }
            guard values.count == 1, (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
            else { throw KeyRefusal.malformed }
            return String(key)
        }
    }
}

extension HTTPField.Name {
    // Names that are tokens by RFC 9110, 5.1.
    // swift-format-ignore: NeverForceUnwrap
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    // swift-format-ignore: NeverForceUnwrap
    static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
}
