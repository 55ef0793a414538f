package import API
import AsyncHTTPClient
package import Builds
package import Core
import Forge
import Foundation
import Hummingbird
package import Logging
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
package import Postgres
import Queue
import SQL
package import Sealing
import ServiceLifecycle
package import Store

/// A server as `skep serve` runs it, on a port of 127.0.0.1, with a database and a folder of bare repositories of its own.
package struct TestServer: Sendable {
    package let url: String
    /// Where only health is answered.
    package let healthURL: String
    package let engine: Engine
    package let database: Database
    package let databaseURL: String
    package let keyRing: KeyRing
    /// The folder of bare repositories.
    package let git: TestForge
    /// The token of `root`, administrator of the server.
    package let rootToken: String

    package var store: Store { engine.store }

    /// Shows replies as they are on the wire: the shared client decompresses them unasked.
    private static let client = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: HTTPClient.Configuration(decompression: .disabled))

    /// Sends a request and reads the whole reply.
    package func request(
        _ method: String, _ path: String, token: String? = nil, json: String? = nil, headers: [String: String] = [:],
        body: [UInt8]? = nil
    ) async throws -> TestReply {
        var request = HTTPClientRequest(url: url + path)
        request.method = HTTPMethod(rawValue: method)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: json))
        } else if let body {
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let response = try await Self.client.execute(request, timeout: .seconds(60))
        let buffer = try await response.body.collect(upTo: 512 << 20)
        return TestReply(
            status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
            body: Array(buffer: buffer))
    }

    package func get(_ path: String, token: String? = nil) async throws -> TestReply {
        try await request("GET", path, token: token)
    }

    /// Makes a user, and answers a token of theirs.
    package func user(_ login: String, admin: Bool = false) async throws -> String {
        let user = try await engine.createUser(NewUser(login: login, email: "\(login)@example.com", admin: admin))
        return try await token(of: user)
    }

    package func token(of user: User) async throws -> String {
        let token = Token.generate()
        _ = try await store.createToken(userID: user.id, name: "test", hash: token.hash)
        return token.text
    }

    /// A token for agents, of all tenants or of one.
    package func agentToken(tenantID: Int64? = nil) async throws -> String {
        let token = Token.generate(prefix: Token.agentPrefix)
        try await store.createAgentToken(tenantID: tenantID, name: "test", hash: token.hash)
        return token.text
    }

    /// Makes a bare repository with these files on `main`, and activates it.
    package func repo(_ fullName: String, files: [String: String] = [:]) async throws -> Repo {
        let parts = fullName.split(separator: "/").map(String.init)
        try await git.create(fullName)
        if !files.isEmpty { try await git.commit(files, to: fullName, message: "Start") }
        let root = try await store.caller(.token(hash: Digest.sha256(rootToken.utf8)))
        return try await engine.activateRepo(RepoPath(forge: nil, owner: parts[0], name: parts[1]), by: root)
    }

    /// A push as the hook of a plain-git repository tells of it. Answers the reply's status.
    @discardableResult
    package func deliver(
        _ fullName: String, ref: String = "refs/heads/main", before: String?, after: String?, id: String,
        to address: String = "/hook", token: String? = nil
    ) async throws -> TestReply {
        let parts = fullName.split(separator: "/").map(String.init)
        let path = RepoPath(forge: nil, owner: parts[0], name: parts[1])
        let zero = String(repeating: "0", count: 40)
        let body =
            #"{"refs":[{"after":"\#(after ?? zero)","before":"\#(before ?? zero)","ref":"\#(ref)"}],"repository":{"full_name":"\#(fullName)"}}"#
        let secret = try await store.hookSecret(forge: "git", path: path)
        let signature = HMAC.sha256(key: secret?.secret ?? [], data: body.utf8).hex
        return try await request(
            "POST", address, token: token, json: body,
            headers: [
                "X-Skep-Event": "push", "X-Skep-Delivery": id, "X-Skep-Signature-256": "sha256=\(signature)",
            ])
    }

    /// Waits until nothing is left of the repository's deliveries.
    package func deliveriesAreHandled(_ repo: Repo, timeout: Duration = .seconds(30)) async throws {
        try await eventually(timeout: timeout) { try await store.isIntakeIdle(repoID: repo.id) }
    }
}

extension TestServer {
    /// Runs another server on the same database and repositories for as long as `body` takes, as a second machine would.
    ///
    /// - Parameter keyRing: its own; nil: the same as this server's.
    package func withAnother(
        keyRing: KeyRing? = nil, workers: Bool = false, _ body: (TestServer) async throws -> Void
    ) async throws {
        try await withPool(databaseURL) { database in
            let running = try await RunningServer.start(
                databaseURL, database, keyRing ?? self.keyRing, git, workers: workers, lease: engine.settings.lease,
                front: TestFront(), rootToken: rootToken, logger: .silent)
            let result: Result<Void, any Error>
            do { result = .success(try await body(running.server)) } catch { result = .failure(error) }
            await running.stop()
            try result.get()
        }
    }
}

/// A whole reply.
package struct TestReply: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }

    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The body as JSON: dictionaries, arrays, strings, numbers.
    package func json() throws -> Any { try JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed) }

    package func object() throws -> [String: Any] {
        guard let object = try json() as? [String: Any] else { throw NotInTime(description: "no JSON object: \(text)") }
        return object
    }

    package func array() throws -> [[String: Any]] {
        guard let array = try json() as? [[String: Any]] else { throw NotInTime(description: "no JSON array: \(text)") }
        return array
    }

    /// The `code` of an error.
    package var code: String? { (try? object())?["code"] as? String }
}

/// What stands between the network and the routes of a test's server.
package struct TestFront: Sendable {
    package var proxies = TrustedProxies.none
    /// Without limits, unless a test sets them.
    package var rates = RateLimits.Settings()
    package var connections = ConnectionLimits()

    package init() {
        rates.requests = 0
        rates.anonymous = 0
        rates.failures = 0
        rates.hooks = 0
    }
}

/// Runs a server on a new migrated database for as long as `body` takes.
///
/// - Parameters:
///   - workers: whether it handles deliveries and rescues jobs by itself.
///   - ring: the text of its key ring; nil: one of its own.
package func withServer(
    workers: Bool = true, lease: Int = 30, ring: String? = nil, front: TestFront = TestFront(),
    logger: Logger = .silent,
    _ body: (TestServer) async throws -> Void
) async throws {
    try await withMigratedDatabase(logger: logger) { url, database in
        try await TestForge.withForge { forge in
            let ring = try KeyRing(text: ring ?? KeyRing.generate(id: "test"))
            let running = try await RunningServer.start(
                url, database, ring, forge, workers: workers, lease: lease, front: front, rootToken: nil, logger: logger
            )
            let result: Result<Void, any Error>
            do { result = .success(try await body(running.server)) } catch { result = .failure(error) }
            await running.stop()
            try result.get()
        }
    }
}

private struct RunningServer {
    var server: TestServer
    var task: Task<Void, any Error>

    func stop() async {
        task.cancel()
        _ = await task.result
    }

    static func start(
        _ url: String, _ database: Database, _ ring: KeyRing, _ forge: TestForge, workers: Bool, lease: Int,
        front: TestFront, rootToken: String?, logger: Logger
    ) async throws -> RunningServer {
        let store = Store(database: database, keyRing: ring)
        try await store.checkKeyRing()
        let wakeUps = WakeUps(database: database, logger: logger)
        let id = try await store.ensureForge(name: "git", kind: "git", url: forge.root, isDefault: true)
        let client = GitForge(root: forge.root, executable: TestForge.executable, logger: logger)
        let forges = Forges([Forges.Entry(id: id, name: "git", kind: "git", isDefault: true, client: client)])
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        // The hooks want the address before the port is known: a free one is chosen first.
        let chosen = try FreePort.find()
        var settings = Engine.Settings(publicURL: "http://127.0.0.1:\(chosen)", version: "test")
        settings.lease = lease
        let engine = Engine(
            database: database, store: store, wakeUps: wakeUps, forges: forges, settings: settings, logger: logger)
        let routes = Routes(
            engine: engine, newestMigration: SQL.migrations.count, proxies: front.proxies, limits: front.rates)
        let application = Application(
            router: routes.router(), server: .guarded(front.connections),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: chosen)),
            onServerRunning: { _ in port.yield(chosen) }, logger: logger)
        let healthPort = try FreePort.find()
        let (healthy, isHealthy) = AsyncStream.makeStream(of: Void.self)
        let health = HealthListener(routes, host: "127.0.0.1", port: healthPort, logger: logger) { isHealthy.yield() }
        var services: [any Service] = [health, wakeUps]
        if workers { services.append(Workers(engine: engine, logger: logger)) }
        services.append(application)
        let group = ServiceGroup(services: services, logger: logger)
        let task = Task { try await group.run() }
        for await _ in ports { break }
        for await _ in healthy { break }
        let server = TestServer(
            url: settings.publicURL, healthURL: "http://127.0.0.1:\(healthPort)", engine: engine, database: database,
            databaseURL: url, keyRing: ring, git: forge, rootToken: try await makeRoot(engine, rootToken))
        return RunningServer(server: server, task: task)
    }

    /// The token of `root`, who is made unless there is one.
    private static func makeRoot(_ engine: Engine, _ known: String?) async throws -> String {
        if let known { return known }
        let root = try await engine.createUser(NewUser(login: "root", email: "root@example.com", admin: true))
        let token = Token.generate()
        _ = try await engine.store.createToken(userID: root.id, name: "test", hash: token.hash)
        return token.text
    }
}
