import API
import Core
import Foundation
import Postgres
import Sealing
import Store
import TestSupport
import Testing

/// Every change is written down, and shown to those who may see it.
@Suite struct AuditTests {
    /// What each changing route writes down.
    private static let actions: [String: String] = [
        "PATCH /api/user": "user.update",
        "POST /api/user/tokens": "token.create",
        "DELETE /api/user/tokens": "token.delete_all",
        "DELETE /api/user/tokens/{id}": "token.delete",
        "POST /api/users": "user.create",
        "POST /api/users/{login}": "user.create",
        "PATCH /api/users/{login}": "user.update",
        "DELETE /api/users/{login}": "user.delete",
        "POST /api/users/{login}/tokens": "token.create",
        "PATCH /api/tenants/{owner}": "tenant.update",
        "PUT /api/tenants/{owner}/members/{login}": "member.update",
        "DELETE /api/tenants/{owner}/members/{login}": "member.delete",
        "POST /api/tenants/{owner}/service-accounts": "service_account.create",
        "DELETE /api/tenants/{owner}/service-accounts/{account}": "service_account.delete",
        "POST /api/tenants/{owner}/service-accounts/{account}/tokens": "token.create",
        "DELETE /api/tenants/{owner}/service-accounts/{account}/tokens/{id}": "token.delete",
        "POST /api/tenants/{owner}/secrets": "secret.create",
        "PATCH /api/tenants/{owner}/secrets/{secret}": "secret.update",
        "DELETE /api/tenants/{owner}/secrets/{secret}": "secret.delete",
        "POST /api/repos/{owner}/{name}": "repo.activate",
        "PATCH /api/repos/{owner}/{name}": "repo.update",
        "DELETE /api/repos/{owner}/{name}": "repo.delete",
        "POST /api/repos/{owner}/{name}/key": "repo.renew_key",
        "POST /api/repos/{owner}/{name}/secrets": "secret.create",
        "PATCH /api/repos/{owner}/{name}/secrets/{secret}": "secret.update",
        "DELETE /api/repos/{owner}/{name}/secrets/{secret}": "secret.delete",
        "POST /api/repos/{owner}/{name}/builds/{number}": "build.restart",
        "POST /api/repos/{owner}/{name}/builds/{number}/approve": "build.approve",
        "POST /api/repos/{owner}/{name}/builds/{number}/decline": "build.decline",
        "POST /api/repos/{owner}/{name}/deliveries/{id}/redeliver": "delivery.redeliver",
        "PATCH /api/agents/{id}": "agent.pause",
        "DELETE /api/agents/{id}": "agent.delete",
        "DELETE /api/repos/{owner}/{name}/builds/{number}/{job}": "job.cancel",
        "DELETE /api/repos/{owner}/{name}/logs/{number}/{job}": "job.cancel",
    ]

    /// Why others write nothing down.
    private static let exempt: [String: String] = [
        "POST /hook": "the delivery itself is kept, with what came of it",
        "POST /api/hook": "the delivery itself is kept, with what came of it",
        "POST /api/repos/{owner}/{name}/encrypt": "it changes nothing",
        "POST /agent/v1/claim": "attempts, steps and logs are the record of what agents do",
        "POST /agent/v1/attempts/{id}/heartbeat": "attempts, steps and logs are the record of what agents do",
        "POST /agent/v1/attempts/{id}/log": "attempts, steps and logs are the record of what agents do",
        "POST /agent/v1/attempts/{id}/steps": "attempts, steps and logs are the record of what agents do",
        "POST /agent/v1/attempts/{id}/release": "attempts, steps and logs are the record of what agents do",
        "POST /agent/v1/attempts/{id}/finish": "attempts, steps and logs are the record of what agents do",
    ]

    @Test func everyChangeIsWrittenDownWithoutSecrets() async throws {
        try await withServer { server in
            let walk = try await AccessWalk(server)
            let routes = Routes.list(in: Routes(engine: server.engine, newestMigration: 1).router())
            for route in routes where route.method != "GET" && route.method != "HEAD" {
                let row = AccessTable.Row(method: route.method, path: route.path, expected: [:])
                guard Self.exempt[row.route] == nil else { continue }
                let action = try #require(Self.actions[row.route], "\(row.route) is neither expected nor exempt")
                let token = try #require(try await walk.token("administrator"))
                let id = try await server.store.caller(.token(hash: Digest.sha256(token.utf8))).token.id
                let reply = try await walk.call(row, on: "private", token: token)
                #expect((200..<300).contains(reply.status), "\(row.route): \(reply.text)")
                let entries = try await server.entries(ofRequest: try #require(reply.header("X-Request-Id")))
                let entry = try #require(entries.first { $0.action == action }, "\(row.route): \(entries)")
                #expect(entry.actor == "operator" && entry.kind == "user" && entry.tokenID == id, "\(row.route)")
                #expect(entry.address == "127.0.0.1", "\(row.route)")
                #expect(entry.before != nil || entry.after != nil, "\(row.route)")
                var secrets = [token, "long enough", "another", "@example.com"]
                if let made = (try? reply.object())?["token"] as? String { secrets.append(made) }
                for text in entries.flatMap({ [$0.object, $0.before ?? "", $0.after ?? ""] }) {
                    #expect(!secrets.contains(where: text.contains), "\(row.route): \(text)")
                }
            }
            #expect(Set(routes.map { "\($0.method) \($0.path)" }).isSuperset(of: Set(Self.actions.keys)))
        }
    }

    @Test func aRefusedChangeAndOneThatChangesNothingLeaveNothing() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("acme/app")
            let count = try await server.count("audit")
            for (method, path, token, body, status) in [
                ("PATCH", "/api/repos/acme/app", people.writer, #"{"timeout":5}"#, 403),
                ("PATCH", "/api/repos/acme/app", people.writer, "{}", 200),
                ("PATCH", "/api/repos/acme/app", people.writer, #"{"allow_push":true}"#, 200),
                ("PATCH", "/api/users/root", server.rootToken, #"{"admin":false}"#, 403),
                ("PUT", "/api/tenants/acme/members/reader", people.admin, #"{"role":"read"}"#, 200),
                ("POST", "/api/users", server.rootToken, #"{"login":"READER"}"#, 409),
                ("PATCH", "/api/tenants/acme", people.admin, "{}", 200),
            ] {
                #expect(try await server.request(method, path, token: token, json: body).status == status, "\(path)")
            }
            #expect(try await server.count("audit") == count)
        }
    }

    /// A change whose entry cannot be written does not happen.
    @Test func withoutAnEntryThereIsNoChange() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            _ = try await server.database.execute(
                Statement(
                    name: "test.break", sql: "alter table audit add constraint none_at_all check (false) not valid"))
            let reply = try await server.request(
                "PATCH", "/api/repos/acme/app", token: server.rootToken, json: #"{"timeout":5}"#)
            #expect(reply.status == 500)
            let repo = try await server.get("/api/repos/acme/app", token: server.rootToken).object()
            #expect(repo["timeout"] as? Int == 60)
        }
    }

    @Test func administratorsOfATenantSeeItsEntriesAndNoOthers() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("acme/app")
            _ = try await server.repo("other/app")
            let own = try await server.get("/api/audit", token: people.admin).array()
            #expect(Set(own.map { $0["tenant"] as? String }) == ["acme"])
            #expect(own.first?["action"] as? String == "repo.activate" && own.first?["before"] is NSNull)
            #expect(own.contains { $0["object"] as? String == "acme member reader" })
            let all = try await server.get("/api/audit?limit=100", token: server.rootToken).array()
            #expect(Set(all.map { $0["tenant"] as? String }) == ["acme", "other", ""])
            for (path, token, status) in [
                ("?tenant=acme", people.admin, 200), ("?tenant=other", people.admin, 404),
                ("?tenant=acme", people.writer, 403), ("", people.writer, 403), ("", people.outsider, 403),
                ("?tenant=other", server.rootToken, 200), ("?tenant=nobody", server.rootToken, 404),
                ("?limit=0", people.admin, 400), ("?limit=0", people.writer, 403),
            ] {
                let reply = try await server.get("/api/audit\(path)", token: token)
                #expect(reply.status == status, "\(path)")
                if status == 200 {
                    #expect(Set(try reply.array().map { $0["tenant"] as? String }) == [String(path.dropFirst(8))])
                }
            }
            #expect(try await server.get("/api/audit?tenant=other", token: server.rootToken).array().count == 2)
        }
    }

    @Test(arguments: [
        (#"[{"level":"admin"}]"#, 200), (#"[{"level":"admin","tenant":"acme"}]"#, 200),
        (#"[{"level":"write"}]"#, 403), (#"[{"level":"admin","repo":"acme/app"}]"#, 403),
    ])
    func aTokenSeesAsFarAsItGoes(scopes: String, status: Int) async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("acme/app")
            _ = try await server.repo("other/app")
            for token in [people.admin, server.rootToken] {
                let made = try await server.request(
                    "POST", "/api/user/tokens", token: token, json: #"{"scopes":\#(scopes)}"#)
                let reply = try await server.get("/api/audit", token: try made.object()["token"] as? String)
                #expect(reply.status == status)
                guard status == 200, scopes.contains("acme") else { continue }
                #expect(Set(try reply.array().map { $0["tenant"] as? String }) == ["acme"])
            }
        }
    }

    @Test func entriesComeInPagesAndByFilter() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("acme/app")
            for timeout in 1...10 {
                let token = timeout.isMultiple(of: 2) ? server.rootToken : people.writer
                _ = try await server.request(
                    "PATCH", "/api/repos/acme/app", token: token,
                    json: timeout.isMultiple(of: 2)
                        ? #"{"timeout":\#(timeout)}"# : #"{"allow_tags":\#(timeout % 4 == 1)}"#)
            }
            for token in [people.admin, server.rootToken] {
                let all = try await server.get("/api/audit?limit=100", token: token).array().map { $0["id"] as? Int }
                let paged = try await server.pages("/api/audit?limit=3", token: token).map { $0["id"] as? Int }
                #expect(paged == all && all.count >= 14)
            }
            func changes(_ query: String) async throws -> [String] {
                try await server.pages("/api/audit?\(query)", token: people.admin).compactMap {
                    ($0["after"] as? [String: Any])?.keys.sorted().joined(separator: " ")
                }
            }
            #expect(try await changes("actor=WRITER&limit=2") == Array(repeating: "allow_tags", count: 5))
            #expect(try await changes("actor=root&action=repo.update") == Array(repeating: "timeout", count: 5))
            #expect(try await changes("action=repo.delete") == [])
        }
    }

    /// What is filtered for and not there costs a page of a bounded part, which names the next.
    @Test func aFilteredPageLooksAtABoundedPart() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.database.execute(
                Statement(
                    name: "test.fill",
                    sql: """
                        insert into audit (actor_kind, actor, action, object)
                        select 'system', 'skep', case when n = 1 then 'rare' else 'usual' end, ''
                        from generate_series(1, 1200) n
                        """))
            let first = try await server.get("/api/audit?action=rare", token: server.rootToken)
            #expect(first.text == "[]")
            #expect(try first.nextPage() != nil)
            let found = try await server.pages("/api/audit?action=rare", token: server.rootToken)
            #expect(found.count == 1)
        }
    }

    @Test func anEntryOutlivesItsTenantAndUser() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.request(
                "PATCH", "/api/tenants/acme", token: people.admin, json: #"{"display_name":"A"}"#)
            #expect(try await server.request("DELETE", "/api/users/owner", token: server.rootToken).status == 204)
            let left = try await server.get("/api/audit?actor=owner", token: server.rootToken).array()
            #expect(left.first?["action"] as? String == "tenant.update")
        }
    }
}

/// A row of the audit as the table has it.
private struct AuditRow {
    var kind: String
    var actor: String
    var tokenID: Int64?
    var address: String
    var action: String
    var object: String
    var before: String?
    var after: String?
}

extension TestServer {
    fileprivate func entries(ofRequest id: String) async throws -> [AuditRow] {
        let sql = """
            select actor_kind::text, actor, token_id, address, action, object, before::text, after::text
            from audit where request_id = $1 order by id
            """
        return try await database.query(Statement(name: "test.entries", sql: sql), [.text(id)]).map { row in
            var columns = row.columns
            return AuditRow(
                kind: try columns.next(), actor: try columns.next(), tokenID: try columns.next(),
                address: try columns.next(), action: try columns.next(), object: try columns.next(),
                before: try columns.next(), after: try columns.next())
        }
    }
}
