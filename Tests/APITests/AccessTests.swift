import API
import Core
import Foundation
import Sealing
import Store
import Synchronization
import TestSupport
import Testing

/// Every route, asked by every kind of caller, answers what docs/api.md says.
@Suite struct AccessTests {
    @Test func everyRouteIsInTheDocumentAndNoOther() async throws {
        try await withServer(workers: false) { server in
            let router = Routes(engine: server.engine, newestMigration: 1).router()
            let routes = Routes.list(in: router).map { "\($0.method) \($0.path)" }
            let rows = try AccessTable.read().rows.map(\.route)
            #expect(Set(routes) == Set(rows))
            #expect(routes.count == rows.count && rows.count > 40)
        }
    }

    @Test func everyRouteAnswersEveryCallerAsDocumented() async throws {
        let table = try AccessTable.read()
        try await withServer { server in
            let walk = try await AccessWalk(server)
            for row in table.rows {
                for caller in table.callers {
                    let reply = try await walk.call(row, as: caller)
                    #expect(reply.status == row.expected[caller], "\(row.route) as \(caller): \(reply.text)")
                }
            }
        }
    }
}

/// Sends a right request for any route, with objects that no earlier one has changed.
final class AccessWalk: Sendable {
    let server: TestServer
    let people: People
    private let count = Mutex(0)

    init(_ server: TestServer) async throws {
        self.server = server
        people = try await People(server)
        _ = try await server.user("operator", admin: true)
        _ = try await server.builtRepo("acme/private")
        _ = try await server.builtRepo("acme/public")
        try await server.publish("acme/public")
    }

    func call(_ row: AccessTable.Row, as caller: String) async throws -> TestReply {
        if row.path.hasSuffix("/hook") { return try await deliver(row, caller) }
        let isPublic = caller.hasPrefix("public: ")
        return try await call(row, on: isPublic ? "public" : "private", token: try await token(caller))
    }

    func call(_ row: AccessTable.Row, on repo: String, token: String?) async throws -> TestReply {
        let path = try await path(row, repo, token)
        if row.path.contains("/stream/") || row.path.hasSuffix("/events") {
            return TestReply(status: try await server.stream(path, token: token).status)
        }
        return try await server.request(row.method, path, token: token, json: body(row))
    }

    private func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }

    /// A token of the caller's own, that the request may delete.
    func token(_ caller: String) async throws -> String? {
        let logins = [
            "outsider": "outsider", "read": "reader", "write": "writer", "admin": "owner", "administrator": "operator",
        ]
        let caller = caller.replacingOccurrences(of: "public: ", with: "")
        if caller == "nobody" { return nil }
        if caller == "bad token" { return Token.generate().text }
        let login = try #require(logins[caller])
        return try await server.token(of: try #require(try await server.store.findUser(login)))
    }

    private func deliver(_ row: AccessTable.Row, _ caller: String) async throws -> TestReply {
        let hash = String(repeating: "a", count: 40)
        return try await server.deliver(
            "acme/private", before: hash, after: hash, id: "walk-\(next())", to: row.path,
            token: try await token(caller))
    }

    private func body(_ row: AccessTable.Row) -> String? {
        switch row.route {
        case "PATCH /api/user": #"{"email":"new@example.com"}"#
        case "PATCH /api/users/{login}": #"{"email":"other@example.com","active":false}"#
        case "POST /api/users": #"{"login":"new-\#(next())"}"#
        case "PUT /api/tenants/{owner}/members/{login}": #"{"role":"write"}"#
        case "PATCH /api/repos/{owner}/{name}": #"{"allow_tags":true}"#
        case "POST /api/repos/{owner}/{name}/encrypt": "environment: {A: b}\n"
        case "POST /api/tenants/{owner}/service-accounts": #"{"name":"bot-\#(next())","role":"read"}"#
        case "PATCH /api/agents/{id}": #"{"paused":true}"#
        case "PATCH /api/tenants/{owner}": #"{"display_name":"New \#(next())"}"#
        case "POST /api/repos/{owner}/{name}/secrets", "POST /api/tenants/{owner}/secrets":
            #"{"name":"s\#(next())","value":"long enough"}"#
        case "PATCH /api/repos/{owner}/{name}/secrets/{secret}", "PATCH /api/tenants/{owner}/secrets/{secret}":
            #"{"value":"another"}"#
        default: nil
        }
    }

    private func path(_ row: AccessTable.Row, _ repo: String, _ token: String?) async throws -> String {
        var values = [
            "owner": "acme", "name": repo, "number": "1", "build": "1", "job": "1", "login": "reader", "id": "1",
        ]
        switch row.route {
        case "POST /api/users/{login}": values["login"] = "new-\(next())"
        case let route where route.contains("/service-accounts/{account}"):
            (values["account"], values["id"]) = try await newServiceAccount()
        case let route where route.hasSuffix("/secrets/{secret}"):
            values["secret"] = "doomed\(next())"
            let place = route.contains("/api/tenants/") ? "/api/tenants/acme" : "/api/repos/acme/\(repo)"
            let body = #"{"name":"\#(values["secret"] ?? "")","value":"long enough"}"#
            _ = try await server.request("POST", "\(place)/secrets", token: server.rootToken, json: body)
        case let route where route.contains("/api/agents/{id}"): values["id"] = try await newAgent()
        case "PATCH /api/users/{login}", "DELETE /api/users/{login}", "PUT /api/tenants/{owner}/members/{login}",
            "DELETE /api/tenants/{owner}/members/{login}":
            values["login"] = try await newMember()
        case "DELETE /api/user/tokens/{id}": values["id"] = try await newToken(of: token)
        case "POST /api/repos/{owner}/{name}":
            values["name"] = "new-\(next())"
            try await server.git.create("acme/\(values["name"] ?? "")")
        case "DELETE /api/repos/{owner}/{name}": values["name"] = try await newRepo(isPublic: repo == "public")
        case "POST /api/repos/{owner}/{name}/builds/{number}": values["number"] = try await newBuild(repo, ended: true)
        case let route where route.hasSuffix("/approve") || route.hasSuffix("/decline"):
            values["number"] = try await newBuild(repo, ended: false)
            try await server.holdBack("acme/\(repo)", try #require(values["number"]))
        case "DELETE /api/repos/{owner}/{name}/builds/{number}/{job}",
            "DELETE /api/repos/{owner}/{name}/logs/{number}/{job}":
            values["number"] = try await newBuild(repo, ended: false)
        case "POST /api/repos/{owner}/{name}/deliveries/{id}/redeliver":
            values["id"] = try await server.handledDelivery("acme/\(repo)")
        default: break
        }
        return values.reduce(row.path) { path, value in
            path.replacingOccurrences(of: "{\(value.key)}", with: value.value)
        }
    }

    private func newMember() async throws -> String {
        let login = "member-\(next())"
        _ = try await server.user(login)
        try await people.put(login, "read")
        return login
    }

    private func newToken(of token: String?) async throws -> String {
        let reply = try await server.request("POST", "/api/user/tokens", token: token)
        guard reply.status == 201 else { return "1" }
        return "\(try #require(try reply.object()["id"] as? Int64))"
    }

    /// Its name, and the id of a token of it.
    private func newServiceAccount() async throws -> (String, String) {
        let name = "bot-\(next())"
        let path = "/api/tenants/acme/service-accounts"
        _ = try await server.request(
            "POST", path, token: server.rootToken, json: #"{"name":"\#(name)","role":"write"}"#)
        let token = try await server.request("POST", "\(path)/\(name)/tokens", token: server.rootToken).object()
        return (name, "\(try #require(token["id"] as? Int64))")
    }

    /// The id of an agent of the tenant.
    private func newAgent() async throws -> String {
        let tenant = try #require(try await server.store.findTenant(forge: nil, name: "acme"))
        let hash = Digest.sha256("agent-\(next())".utf8)
        try await server.store.createAgentToken(tenantID: tenant.id, name: "", hash: hash)
        let token = try #require(try await server.store.agentToken(hash: hash))
        let id = try await server.store.registerAgent(
            tokenID: token.id, name: "one", labels: [:], slots: 1, version: 1, address: "")
        return "\(try #require(id))"
    }

    private func newRepo(isPublic: Bool) async throws -> String {
        let name = "doomed-\(next())"
        _ = try await server.repo("acme/\(name)")
        if isPublic { try await server.publish("acme/\(name)") }
        return name
    }

    private func newBuild(_ repo: String, ended: Bool) async throws -> String {
        let number = try await server.waitingBuild("acme/\(repo)")
        if ended { try await server.cancel("acme/\(repo)", number) }
        return "\(number)"
    }
}
