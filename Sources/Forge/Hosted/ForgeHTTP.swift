import AsyncHTTPClient
import Core
import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Sealing
import Synchronization

/// Asks one forge, and nobody else: the host of its API is the only one that is ever connected to.
///
/// A failure that may pass is tried again a few times; a limit of the forge's is kept by all who ask through this. Close it
/// when nobody asks any more.
final class ForgeHTTP: Sendable {
    /// What was answered to a question, to be asked whether it still holds.
    private struct Kept: Sendable {
        var tag: String
        var reply: ForgeReply
    }

    let address: ForgeAddress
    private let client: HTTPClient
    private let logger: Logger
    private let authorization: String
    private let kept = BoundedCache<String, Kept>(limit: 16 << 20)
    /// Until when the forge wants to be left alone.
    private let quietUntil = Mutex(ContinuousClock.now)

    /// A wait that is no longer is waited out; for a longer one, whoever asks is told to come again.
    private static let patience = Duration.seconds(3)
    private static let redirects = 3

    /// - Parameter authorization: what stands before a token, such as `Bearer`.
    init(_ address: ForgeAddress, authorization: String, logger: Logger) throws(ForgeError) {
        self.address = address
        self.authorization = authorization
        self.logger = logger
        var configuration = HTTPClient.Configuration()
        // Followed here, where it can be seen where they lead.
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.proxy = try Self.proxy(address.proxy)
        configuration.tlsConfiguration = try Self.tls(address.certificates)
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit {
        // Nobody can be waiting for an answer: they would hold this.
        client.shutdown { _ in }
    }

    private static func proxy(_ text: String?) throws(ForgeError) -> HTTPClient.Configuration.Proxy? {
        guard let text else { return nil }
        guard let url = URL(string: text), url.scheme == "http", let host = url.host(), let port = url.port else {
            throw ForgeError(.system, "the proxy of a forge has to be like http://HOST:PORT; it is \(text)")
        }
        return .server(host: host, port: port)
    }

    private static func tls(_ file: String?) throws(ForgeError) -> TLSConfiguration? {
        guard let file else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        do {
            configuration.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(file))]
        } catch {
            throw ForgeError(.system, "the certificates in \(file) cannot be read", detail: "\(error)")
        }
        return configuration
    }

    /// The answer, whatever its status, unless that says to come again.
    ///
    /// - Throws: `ForgeError`: `timeout`, `broken` (unreachable, or 5xx), `rateLimited`, `redirected`, `unauthorized`, `tooLarge`.
    func send(_ call: ForgeCall) async throws -> ForgeReply {
        var tries = 0
        while true {
            do {
                return try await once(call)
            } catch let error as ForgeError where error.mayPass && call.isIdempotent && tries < address.retries {
                let pause = error.retryAfter ?? address.pause * (1 << tries) * Double.random(in: 0.5...1.5)
                guard [.timeout, .broken, .rateLimited].contains(error.code), pause <= Self.patience else {
                    throw error
                }
                tries += 1
                logger.debug("the forge is asked again", metadata: ["error": "\(error)", "try": "\(tries + 1)"])
                try await Task.sleep(for: pause)
            }
        }
    }

    private func once(_ call: ForgeCall) async throws -> ForgeReply {
        let left = quietUntil.withLock { $0 } - .now
        guard left <= .zero else {
            throw ForgeError(.rateLimited, "the forge wants to be asked less often", retryAfter: left)
        }
        let key = call.isKept ? "\(call.accept) \(Digest.sha256((call.token ?? "").utf8).hex) \(call.path)" : ""
        let known = call.isKept ? kept[key] : nil
        let reply = try await follow(call, known?.tag)
        if reply.status == 304, let known { return known.reply }
        if call.isKept, reply.status == 200, let tag = reply[header: "ETag"] {
            kept.keep(Kept(tag: tag, reply: reply), for: key, cost: reply.body.count + key.utf8.count + 200)
        }
        return try checked(reply)
    }

    /// A redirect to another place on the same host is followed where nothing is changed by it: a repository was renamed.
    private func follow(_ call: ForgeCall, _ tag: String?) async throws -> ForgeReply {
        guard let start = URL(string: address.api + call.path), let host = HostAndPort(start) else {
            throw ForgeError(.system, "a request to the forge could not be written", detail: call.path)
        }
        var url = start
        for _ in 0...Self.redirects {
            let reply = try await execute(call, url.absoluteString, tag)
            guard [301, 302, 303, 307, 308].contains(reply.status) else { return reply }
            guard let location = reply[header: "Location"], let next = URL(string: location, relativeTo: url),
                HostAndPort(next) == host
            else {
                throw ForgeError(
                    .redirected, "the forge sends Skep to another host, which is not configured",
                    detail: reply[header: "Location"]?.onOneLine ?? "")
            }
            guard call.method == .GET else {
                throw ForgeError(.redirected, "the forge says that the repository is elsewhere now")
            }
            url = next.absoluteURL
        }
        throw ForgeError(.redirected, "the forge sends Skep around in a circle")
    }

    private func execute(_ call: ForgeCall, _ url: String, _ tag: String?) async throws -> ForgeReply {
        var request = HTTPClientRequest(url: url)
        request.method = call.method
        request.headers.add(name: "Accept", value: call.accept)
        request.headers.add(name: "User-Agent", value: "skep")
        let token = call.token ?? address.token
        if !token.isEmpty { request.headers.add(name: "Authorization", value: "\(authorization) \(token)") }
        if let tag { request.headers.add(name: "If-None-Match", value: tag) }
        if let body = call.body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        let sent = request
        do {
            return try await withDeadline(address.timeout) { [client] in
                let response = try await client.execute(sent, timeout: .hours(1))
                // An error of the forge's may be a page; what it says is not needed whole.
                let limit = response.status == .ok ? call.limit : max(call.limit, 1 << 16)
                let body = try await response.body.collect(upTo: limit)
                return ForgeReply(
                    status: Int(response.status.code),
                    headers: response.headers.map { (name: $0.name, value: $0.value) },
                    body: Array(body.readableBytesView))
            }
        } catch is DeadlineExceeded {
            throw ForgeError(.timeout, "the forge did not answer in \(address.timeout)")
        } catch is NIOTooManyBytesError {
            throw ForgeError(.tooLarge, "the forge's answer is over \(call.limit) bytes")
        } catch let error as CancellationError {
            throw error
        } catch {
            try Task.checkCancellation()
            throw ForgeError(.broken, "the forge could not be reached", detail: "\(error)")
        }
    }

    private func checked(_ reply: ForgeReply) throws(ForgeError) -> ForgeReply {
        if let wait = reply.rateLimit(now: Date()) {
            quietUntil.withLock { $0 = max($0, .now + wait) }
            throw ForgeError(.rateLimited, "the forge wants to be asked less often", retryAfter: wait)
        }
        switch reply.status {
        case 401: throw ForgeError(.unauthorized, "the forge does not accept Skep's token", detail: reply.complaint)
        case 500...:
            throw ForgeError(
                .broken, "the forge answered \(reply.status)", detail: reply.complaint, retryAfter: reply.pauseNamed)
        default: return reply
        }
    }
}

extension ForgeReply {
    /// For the log.
    var complaint: String { String(decoding: body.prefix(200), as: UTF8.self).onOneLine }
}
