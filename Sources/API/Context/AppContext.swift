import AgentProtocol
import Builds
import Core
import Foundation
package import Hummingbird
import NIOCore
import Sealing
import Store
import Synchronization

/// What is known of a request before anybody has looked at who sends it.
package struct AppContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// In every reply, and in every line of the log about the request.
    package let requestID: String
    /// Where the request stands in a trace: a part of the caller's, or of a new one. Set by `Envelope`.
    var trace = TraceContext()
    /// Who sends it, where that was found out before the handler ran.
    let sender = Sender()
    /// Where the connection comes from.
    let peer: IPAddress?
    /// Where the request comes from: the peer, or whom a trusted proxy names. Set by `Envelope`.
    var client: TrustedProxies.Client
    /// Set by `Envelope`.
    var credentials = Credentials.anonymous
    /// Set by `Authenticate`.
    var caller: Caller?
    /// Set by `Permit`.
    var access: Access?
    /// Set by `AuthenticateAgent`.
    var agent: AgentToken?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        requestID = RequestID.next()
        peer = IPAddress(source.channel.remoteAddress)
        client = TrustedProxies.Client(address: peer)
    }

    /// The client's address as text; empty where there is none.
    package var remoteAddress: String { client.address?.description ?? "" }
}

/// Filled in on the way, and read at its end: contexts themselves are copied.
package final class Sender: Sendable {
    private let name = Mutex<String?>(nil)

    /// The login, or `agent` and its token's id.
    var text: String? {
        get { name.withLock { $0 } }
        set { name.withLock { $0 = newValue } }
    }
}

enum RequestID {
    static func next() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 36)
        // All of one length, or the length of a reply would differ where nothing else does.
        return String(repeating: "0", count: 13 - digits.count) + digits
    }
}

extension RequestContext {
    /// A path parameter, percent-decoded. Throws `notFound` for one that is no UTF-8.
    func parameter(_ name: String) throws -> String {
        guard let value = parameters.get(name) else { throw AccessError.notFound("There is nothing at this address.") }
        guard value.utf8.contains(UInt8(ascii: "%")) else { return value }
        guard let decoded = value.removingPercentEncoding else {
            throw AccessError.notFound("There is nothing at this address.")
        }
        return decoded
    }

    /// A path parameter that counts something: a positive integer, else `invalid`.
    func number<T: FixedWidthInteger>(_ name: String, _ type: T.Type = T.self) throws -> T {
        guard let number = T(try parameter(name)), number > 0 else {
            throw Refusal.invalid("\(name) must be a positive integer.")
        }
        return number
    }

    /// The repository named in the path.
    func repoPath() throws -> RepoPath {
        let owner = try parameter("owner")
        let name = try parameter("name")
        guard let path = RepoPath(owner: owner, name: name) else {
            throw AccessError.notFound("There is no repository \(owner)/\(name), or you may not see it.")
        }
        return path
    }
}

extension Request {
    /// The token that came with the request: `Authorization: Bearer`, else `?access_token=`.
    var credentials: Credentials {
        if let header = headers[.authorization] { return Credentials(authorization: header) }
        if let token = uri.queryParameters["access_token"] { return Credentials(token: token) }
        return .anonymous
    }
}

extension Credentials {
    /// The scheme's case does not matter (RFC 9110, 11.1); a token alone is taken too, as old clients send it.
    init(authorization header: String) {
        let words = header.split(separator: " ", omittingEmptySubsequences: true)
        switch words.count {
        case 1: self.init(token: words[0])
        case 2 where words[0].lowercased() == "bearer": self.init(token: words[1])
        default: self = .malformed
        }
    }

    init(token text: Substring) {
        if let token = Token(text), [Token.userPrefix, Token.jobPrefix].contains(token.prefix) {
            self = .token(hash: token.hash)
        } else {
            self = .malformed
        }
    }
}
