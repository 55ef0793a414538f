package import Forge
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
package import Synchronization

/// A forge on a port of its own: what Skep asks of GitHub, Gitea or GitLab is answered as their documentation says.
package final class FakeForge: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case github, gitea, gitlab
    }

    package struct Commit: Sendable {
        package var message: String
        package var files: [String: String]
        package var changed: [String]

        package init(message: String = "Change", files: [String: String] = [:], changed: [String] = []) {
            self.message = message
            self.files = files
            self.changed = changed
        }
    }

    package struct Repository: Sendable {
        package var id = 7
        package var ownerID = 3
        package var isPrivate = false
        package var commits: [String: Commit] = [:]
        /// URL and secret of each hook, by its id.
        package var hooks: [Int: (url: String, secret: String)] = [:]
        package var levels: [String: String] = [:]

        package init() {}
    }

    /// What is wrong with it, for all that is asked.
    package enum Fault: Sendable {
        case down
        case slow(Duration)
        /// With these headers.
        case limited(status: Int, headers: [(String, String)])
        case redirect(String)
        /// The next so many are answered 502.
        case flaky(Int)
    }

    package struct State: Sendable {
        /// By owner and name.
        package var repositories: [String: Repository] = [:]
        package var fault: Fault?
        /// Such as `GET /repos/o/n`, in order.
        package var asked: [String] = []
        package var statuses: [String] = []
        /// Old paths, and what they are now.
        package var renamed: [String: String] = [:]
        package var notModified = 0
        var lastHook = 0
    }

    package let kind: Kind
    package let token = "t0ken"
    package let state = Mutex(State())
    private let portKept = Mutex(0)

    package init(_ kind: Kind) { self.kind = kind }

    package var url: String { "http://127.0.0.1:\(portKept.withLock { $0 })" }
    package var api: String {
        switch kind {
        case .github: url
        case .gitea: url + "/api/v1"
        case .gitlab: url + "/api/v4"
        }
    }

    /// How Skep is to reach it, in a hurry.
    package func address(forge: String? = nil, hookURL: String = "http://ci.example.com/hook") throws -> ForgeAddress {
        var address = try ForgeAddress(url: url, api: api, token: token, forge: forge, hookURL: hookURL)
        address.timeout = .seconds(20)
        address.pause = .milliseconds(5)
        return address
    }

    package func client(_ address: ForgeAddress? = nil) throws -> any HostedForge {
        let address = try address ?? self.address()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return switch kind {
        case .github: try GitHubForge(address, logger: logger)
        case .gitea: try GiteaForge(address, logger: logger)
        case .gitlab: try GitLabForge(address, logger: logger)
        }
    }

    /// Runs `body` with such a forge, which is gone afterwards.
    package static func with<T: Sendable>(_ kind: Kind, _ body: (FakeForge) async throws -> T) async throws -> T {
        let forge = FakeForge(kind)
        let (ports, running) = AsyncStream.makeStream(of: Int.self)
        let responder = CallbackResponder { (request: Request, _: BasicRequestContext) in
            try await forge.respond(request)
        }
        let application = Application(
            responder: responder, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { running.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let task = Task { try await application.run() }
        for await port in ports {
            forge.portKept.withLock { $0 = port }
            break
        }
        let result: Result<T, any Error>
        do { result = .success(try await body(forge)) } catch { result = .failure(error) }
        task.cancel()
        _ = await task.result
        return try result.get()
    }

    private func respond(_ request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: 1 << 20)
        let method = request.method.rawValue
        state.withLock { $0.asked.append("\(method) \(request.uri.path)") }
        if let refusal = try await fault() { return refusal }
        guard (request.headers[.authorization] ?? "").hasSuffix(" \(token)") else { return Self.reply(401, [:]) }
        let prefix = api.dropFirst(url.count)
        guard request.uri.path.hasPrefix(prefix) else { return Self.reply(404, [:]) }
        let fields = (try? JSONSerialization.jsonObject(with: Data(body.readableBytesView))) as? [String: Any] ?? [:]
        let parts = request.uri.path.dropFirst(prefix.count).split(separator: "/").map {
            String($0).removingPercentEncoding ?? String($0)
        }
        var query: [String: String] = [:]
        for pair in (request.uri.query ?? "").split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            query[String(sides[0])] = sides.count > 1 ? String(sides[1]).removingPercentEncoding : ""
        }
        let question = FakeQuestion(method: method, parts: parts, query: query, body: fields)
        switch answer(question) {
        case .json(let status, let value): return Self.reply(status, value)
        case .moved(let path): return Self.reply(301, [:], [("Location", path)])
        case .file(let text):
            let tag = "\"\(text.count)-\(text.hashValue)\""
            guard request.headers[.ifNoneMatch] != tag else {
                state.withLock { $0.notModified += 1 }
                return Self.reply(304, nil, [("ETag", tag)])
            }
            return Response(
                status: .ok, headers: [.eTag: tag], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
    }

    private func fault() async throws -> Response? {
        let fault = state.withLock { state -> Fault? in
            guard case .flaky(let left) = state.fault else { return state.fault }
            state.fault = left > 1 ? .flaky(left - 1) : nil
            return .down
        }
        switch fault {
        case .down: return Self.reply(502, ["message": "Bad gateway"])
        case .slow(let pause):
            try await Task.sleep(for: pause)
            return nil
        case .limited(let status, let headers): return Self.reply(status, ["message": "rate limit"], headers)
        case .redirect(let location): return Self.reply(302, [:], [("Location", location)])
        case .flaky, nil: return nil
        }
    }

    private static func reply(_ status: Int, _ value: Any?, _ headers: [(String, String)] = []) -> Response {
        var fields = HTTPFields()
        for (name, text) in headers {
            if let name = HTTPField.Name(name) { fields[name] = text }
        }
        fields[.contentType] = "application/json"
        let data = value.flatMap { try? JSONSerialization.data(withJSONObject: $0) } ?? Data()
        return Response(
            status: .init(code: status), headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }
}

/// A request, taken apart.
struct FakeQuestion {
    var method: String
    var parts: [String]
    var query: [String: String]
    var body: [String: Any]
}

enum FakeAnswer {
    case json(Int, Any)
    case file(String)
    case moved(String)
}
