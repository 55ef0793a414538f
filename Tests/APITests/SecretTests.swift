import Core
import Foundation
import Postgres
import Sealing
import Store
import TestSupport
import Testing

/// Named secrets over the API: what goes in, and that nothing comes out.
@Suite struct SecretTests {
    private static let repo = "/api/repos/acme/app/secrets"
    private static let tenant = "/api/tenants/acme/secrets"

    @Test(arguments: [repo, tenant])
    func aSecretIsMadeChangedListedAndDeletedWithoutItsValue(path: String) async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            let root = server.rootToken
            let made = try await server.request(
                "POST", path, token: root, json: #"{"name":"Deploy_Key","value":"correct horse","images":["alpine*"]}"#)
            #expect(made.status == 201)
            let shape = try made.object()
            #expect(
                Set(shape.keys) == ["id", "name", "events", "images", "created_by", "created_at", "updated_at"])
            #expect(shape["events"] as? [String] == ["deployment", "push", "tag"])
            #expect(shape["images"] as? [String] == ["alpine*"] && shape["created_by"] as? String == "root")
            let changed = try await server.request(
                "PATCH", "\(path)/DEPLOY_KEY", token: root,
                json: #"{"value":"battery staple","events":["pull_request"]}"#)
            #expect(changed.status == 200)
            #expect(try changed.object()["events"] as? [String] == ["pull_request"])
            #expect(try changed.object()["images"] as? [String] == ["alpine*"])
            let list = try await server.get(path, token: root)
            #expect(try list.array().map { $0["name"] as? String } == ["Deploy_Key"])
            for reply in [made, changed, list] {
                #expect(!reply.text.contains("horse") && !reply.text.contains("staple"))
            }
            #expect(try await server.request("DELETE", "\(path)/deploy_key", token: root).status == 204)
            #expect(try await server.request("DELETE", "\(path)/deploy_key", token: root).status == 404)
            #expect(try await server.get(path, token: root).text == "[]")
        }
    }

    @Test func aRepositorysSecretGoesBeforeItsTenants() async throws {
        try await withServer(workers: false) { server in
            let repo = try await server.repo("acme/app")
            _ = try await server.repo("other/app")
            for (path, name, value) in [
                (Self.tenant, "token", "of the tenant"), (Self.tenant, "only", "only the tenant's"),
                (Self.repo, "TOKEN", "of the repository"), ("/api/tenants/other/secrets", "token", "another tenant's"),
            ] {
                let body = #"{"name":"\#(name)","value":"\#(value)"}"#
                #expect(try await server.request("POST", path, token: server.rootToken, json: body).status == 201)
            }
            let opened = try await server.store.openSecrets(tenantID: repo.tenantID, repoID: repo.id)
            #expect(opened.map(\.value) == ["only the tenant's", "of the repository"])
            #expect(!"\(opened)".contains("repository"))
        }
    }

    @Test(arguments: [
        (#"{"value":"long enough"}"#, "name is missing."), (#"{"name":"A"}"#, "value is missing."),
        (
            #"{"name":"A","value":"abc"}"#,
            "value must have at least 4 characters: a shorter one cannot be masked in logs."
        ),
        (
            #"{"name":"1A","value":"long enough"}"#,
            "name must be a letter or _, then letters, digits and _, 100 at most."
        ),
        (
            #"{"name":"A","value":"long enough","events":["cron"]}"#,
            "events must be some of push, pull_request, tag and deployment."
        ),
        (
            #"{"name":"A","value":"long enough","images":["[a"]}"#,
            "images must be at most 50 patterns of 1 to 200 bytes."
        ),
        (#"{"name":"A","value":7}"#, "value must be a string."),
        (
            #"{"name":"A","value":"nul \u0000 inside"}"#,
            "value must be at most 64 KiB of text, without the character NUL."
        ),
    ])
    func wrongSecretsSayWhatToChange(body: String, message: String) async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            let reply = try await server.request("POST", Self.repo, token: server.rootToken, json: body)
            #expect(reply.status == 400)
            #expect(try reply.object()["message"] as? String == message)
            #expect(try await server.get(Self.repo, token: server.rootToken).text == "[]")
        }
    }

    @Test func ofManyOfOneNameOneIsMade() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<20 {
                    let name = index.isMultiple(of: 2) ? "same" : "SAME"
                    group.addTask {
                        try await server.request(
                            "POST", Self.repo, token: server.rootToken,
                            json: #"{"name":"\#(name)","value":"value \#(index)"}"#
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201] + Array(repeating: 409, count: 19))
        }
    }

    @Test func theClientOfDrone05IsUnderstood() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            let body =
                #"{"name":"DOCKER_PASSWORD","value":"pa55word","image":["plugins/docker"],"event":["push","tag"]}"#
            let made = try await server.request("POST", Self.repo, token: server.rootToken, json: body)
            #expect(made.status == 201)
            #expect(try made.object()["images"] as? [String] == ["plugins/docker"])
            #expect(try made.object()["events"] as? [String] == ["push", "tag"])
        }
    }

    /// Whoever reads the database without the key ring finds no value.
    @Test func noTableShowsAValue() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            let canary = "canary-\(UUID().uuidString)"
            for path in [Self.repo, Self.tenant] {
                let body = #"{"name":"C","value":"\#(canary)"}"#
                #expect(try await server.request("POST", path, token: server.rootToken, json: body).status == 201)
                let change = #"{"value":"\#(canary) changed"}"#
                #expect(
                    try await server.request("PATCH", "\(path)/C", token: server.rootToken, json: change).status == 200)
            }
            let hex = Array(canary.utf8).hex
            let tables = try await server.database.query(
                Statement(
                    name: "test.tables",
                    sql:
                        "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
                )
            ).map { try $0.decode(String.self, at: 0) }
            #expect(tables.contains("secrets") && tables.count > 20)
            for table in tables {
                let found = try await server.database.first(
                    Statement(
                        name: "test.canary.\(table)",
                        sql:
                            "select count(*) from \(table) t where strpos(t::text, '\(canary)') + strpos(t::text, '\(hex)') > 0"
                    ))
                #expect(try found?.decode(Int.self, at: 0) == 0, "\(table)")
            }
        }
    }

    @Test func aRenewedKeyOpensWhatTheOldOneOpened() async throws {
        try await withServer(workers: false) { server in
            let repo = try await server.repo("acme/app")
            let root = server.rootToken
            let path = "/api/repos/acme/app"
            func encrypted(_ text: String) async throws -> String {
                try await server.request("POST", "\(path)/encrypt", token: root, body: Array(text.utf8)).text
            }
            let old = try await encrypted("A: old one\n")
            let before = try await server.get("\(path)/key", token: root).text
            let renewed = try await server.request("POST", "\(path)/key", token: root)
            #expect(renewed.status == 200 && renewed.text != before && renewed.text.hasPrefix("ssh-rsa "))
            #expect(try await server.get("\(path)/key", token: root).text == renewed.text)
            let new = try await encrypted("A: new one\n")
            let pairs = try await server.store.keyPairs(repoID: repo.id)
            #expect(pairs.count == 2)
            #expect(try JWE.decrypt(old, keys: pairs) == Array("A: old one\n".utf8))
            #expect(try JWE.decrypt(new, keys: pairs) == Array("A: new one\n".utf8))
            #expect(try JWE.decrypt(new, keys: [pairs[0]]) == Array("A: new one\n".utf8))
            #expect(throws: SealingError.self) { try JWE.decrypt(new, keys: [pairs[1]]) }
        }
    }
}
