import Builds
import HTTPTypes
import Hummingbird
import NIOCore
import Sealing
import Store
import Synchronization

/// How often one client may ask. Counted in the memory of this server: of several servers each counts what comes to it.
package final class RateLimits: Sendable {
    /// A minute; 0: without limit.
    package struct Settings: Sendable {
        /// For each token.
        package var requests = 6000
        /// For each address, without a token.
        package var anonymous = 1200
        /// For each address: requests answered 401.
        package var failures = 60
        /// For each address: deliveries of forges.
        package var hooks = 30_000

        package init() {}
    }

    /// Where a request is counted, and what came of it.
    struct Admission {
        /// nil: it is not counted.
        var verdict: RateVerdict?
        fileprivate var token: RateKey?
        fileprivate var failureKey: RateKey?

        var isRefused: Bool { verdict?.retryAfter != nil }
    }

    private let requests: RateLimit?
    private let anonymous: RateLimit?
    private let failures: RateLimit?
    private let hooks: RateLimit?
    private let shards: [Shard]

    private final class Shard: Sendable {
        let table = Mutex(RateTable(capacity: RateLimits.capacity))
    }

    /// Keys that each of 16 tables holds: in all 65,536, some 4 MB.
    private static let capacity = 4096

    package init(_ settings: Settings) {
        requests = RateLimit(perMinute: settings.requests)
        anonymous = RateLimit(perMinute: settings.anonymous)
        failures = RateLimit(perMinute: settings.failures)
        hooks = RateLimit(perMinute: settings.hooks)
        shards = (0..<16).map { _ in Shard() }
    }

    /// Counts a request. An address with too many bad tokens is refused before anything is looked up, but for tokens that were
    /// good here before: who shares an address with a guesser goes on.
    func admit(_ request: Request, _ context: AppContext) -> Admission {
        let now = NIODeadline.now().uptimeNanoseconds
        switch Area(path: request.uri.path) {
        case .health: return Admission()
        case .hook:
            let key = RateKey(.hook, context.client.address)
            return Admission(verdict: hooks.map { limit in table(key) { $0.take(key, limit, now: now) } })
        case .agent: return guarded(request.agentKey, context, now)
        case .other: return counted(context, now)
        }
    }

    /// Counts a reply that says who are you, and remembers whose token was good.
    func settle(_ admission: Admission, _ request: Request, _ status: HTTPResponse.Status) {
        let now = NIODeadline.now().uptimeNanoseconds
        if status == .unauthorized {
            guard let key = admission.failureKey, let failures, !admission.isRefused else { return }
            _ = table(key) { $0.take(key, failures, now: now) }
        } else if let key = admission.token, admission.verdict?.isKnown != true, status.kind == .successful,
            Area(path: request.uri.path).checksTokens
        {
            table(key) { $0.markKnown(key, now: now) }
        }
    }

    private func counted(_ context: AppContext, _ now: UInt64) -> Admission {
        var admission = guarded(context.credentials.key, context, now)
        guard !admission.isRefused else { return admission }
        let key = admission.token ?? RateKey(.anonymous, context.client.address)
        let limit = admission.token == nil ? anonymous : requests
        admission.verdict = limit.map { limit in table(key) { $0.take(key, limit, now: now) } }
        return admission
    }

    /// Refused where its address has had too many bad tokens, else not counted yet.
    private func guarded(_ token: RateKey?, _ context: AppContext, _ now: UInt64) -> Admission {
        let key = RateKey(.failure, context.client.address)
        var admission = Admission(token: token, failureKey: key)
        guard let failures else { return admission }
        let verdict = table(key) { $0.look(key, failures, now: now) }
        guard verdict.retryAfter != nil else { return admission }
        if let token, table(token, { $0.isKnown(token) }) { return admission }
        admission.verdict = verdict
        return admission
    }

    private func table<T: Sendable>(_ key: RateKey, _ body: (inout sending RateTable) -> sending T) -> T {
        shards[key.hashValue & 15].table.withLock(body)
    }
}

/// Parts of the API that are counted differently.
private enum Area {
    /// Not counted: what watches over the server.
    case health
    case hook
    /// Not counted: an agent asks as often as its jobs need.
    case agent
    case other(isAPI: Bool)

    init(path: String) {
        switch path {
        case "/healthz", "/readyz": self = .health
        case "/hook", "/api/hook": self = .hook
        default: self = path.hasPrefix("/agent/") ? .agent : .other(isAPI: path.hasPrefix("/api/"))
        }
    }

    /// A token that came along and was no good would have been refused.
    var checksTokens: Bool {
        switch self {
        case .health, .hook: false
        case .agent: true
        case .other(let isAPI): isAPI
        }
    }
}

extension Credentials {
    fileprivate var key: RateKey? {
        if case .token(let hash) = self { RateKey(token: hash) } else { nil }
    }
}

extension Request {
    fileprivate var agentKey: RateKey? { agentToken.map { RateKey(token: $0.hash) } }
}
