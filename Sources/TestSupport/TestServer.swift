import API
import AsyncHTTPClient
package import Builds
package import Core
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
package import Postgres
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
    let group: ServiceGroup
    let routes: Routes

    /// Streams of events that are open.
    package var openStreams: Int { routes.openStreams }

    /// As at SIGTERM.
    package func shutDown() async {
        await group.triggerGracefulShutdown()
    }

    package var store: Store { engine.store }

    /// Shows replies as they are on the wire: the shared client decompresses them unasked. Patient, because requests of all
    /// tests share the machine.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(decompression: .disabled)
        configuration.timeout.connect = .seconds(120)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

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
        let response = try await Self.client.execute(request, timeout: .seconds(300))
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

/// A whole reply.
package struct TestReply: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

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
