import API
import Foundation
import Postgres
import TestSupport
import Testing

/// What holds for replies whatever they are.
@Suite struct HygieneTests {
    @Test func everyReplyHasTheHeadersForBrowsers() async throws {
        var front = TestFront()
        front.proxies = try TrustedProxies(["127.0.0.1"])
        try await withServer(front: front) { server in
            _ = try await server.builtRepo("acme/app")
            for (method, path, token) in [
                ("GET", "/healthz", nil), ("GET", "/nowhere", nil), ("GET", "/api/user", nil),
                ("PUT", "/api/user", nil),
                ("OPTIONS", "/api/user", nil), ("GET", "/api/repos/acme/app/logs/1/1", server.rootToken),
                ("HEAD", "/api/user", server.rootToken), ("GET", "/api/users?limit=0", server.rootToken),
            ] {
                let reply = try await server.request(method, path, token: token)
                for (name, value) in [
                    ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
                    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
                    ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Resource-Policy", "same-origin"),
                ] {
                    let values = reply.headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
                    #expect(values == [value], "\(method) \(path) \(name)")
                }
                #expect(reply.header("Strict-Transport-Security") == nil)
                #expect(reply.header("Cache-Control")?.contains("no-") == true)
            }
            for (proto, value) in [("https", "max-age=31536000"), ("http", nil)] {
                let reply = try await server.request("GET", "/version", headers: ["X-Forwarded-Proto": proto])
                #expect(reply.header("Strict-Transport-Security") == value)
            }
        }
    }

    @Test func whatTheClientHasIsNotSentAgain() async throws {
        try await withServer { server in
            _ = try await server.builtRepo("acme/app")
            _ = try await server.request(
                "POST", "/api/tenants/acme/service-accounts", token: server.rootToken,
                json: #"{"name":"bot","role":"read"}"#)
            for path in [
                "/api/user", "/api/user/repos", "/api/users", "/api/users/root", "/api/tenants", "/api/tenants/acme",
                "/api/tenants/acme/usage", "/api/tenants/acme/members", "/api/tenants/acme/service-accounts",
                "/api/tenants/acme/secrets", "/api/repos/acme/app", "/api/repos/acme/app/secrets",
                "/api/repos/acme/app/builds?limit=1", "/api/repos/acme/app/builds/1",
                "/api/repos/acme/app/builds/latest", "/version",
            ] {
                let first = try await server.get(path, token: server.rootToken)
                let tag = try #require(first.header("ETag"), "\(path)")
                #expect(first.header("Vary") == "Authorization" && first.header("Cache-Control") == "no-cache, private")
                for value in [tag, "W/\(tag)", "\"other\", \(tag)", "*", "\"a,b\",W/\(tag) ,\"c\""] {
                    let second = try await server.request(
                        "GET", path, token: server.rootToken, headers: ["If-None-Match": value])
                    #expect(second.status == 304 && second.body.isEmpty, "\(path) \(value): \(second.status)")
                    for name in ["ETag", "Vary", "Cache-Control", "Link"] {
                        #expect(second.header(name) == first.header(name), "\(path) \(name)")
                    }
                    #expect(second.header("Content-Type") == nil)
                }
                let head = try await server.request(
                    "HEAD", path, token: server.rootToken, headers: ["If-None-Match": tag])
                #expect(head.status == 304 && head.header("ETag") == tag, "\(path)")
                for value in ["\"other\"", tag.replacingOccurrences(of: "\"", with: ""), "", "\"", "W/"] {
                    let whole = try await server.request(
                        "GET", path, token: server.rootToken, headers: ["If-None-Match": value])
                    #expect(whole.status == 200 && whole.body == first.body, "\(path) \(value)")
                }
            }
        }
    }

    @Test func aTagIsForWhatIsThereAndForWhoMaySeeIt() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            let path = "/api/repos/acme/app"
            let tag = try #require(try await server.get(path, token: server.rootToken).header("ETag"))
            let asked = ["If-None-Match": tag]
            #expect(try await server.request("GET", path, headers: asked).status == 404)
            let changed = try await server.request(
                "PATCH", path, token: server.rootToken, json: #"{"allow_tags":true}"#, headers: asked)
            #expect(changed.status == 200 && changed.header("ETag") == nil)
            let after = try await server.request("GET", path, token: server.rootToken, headers: asked)
            #expect(after.status == 200 && after.header("ETag") != tag)
        }
    }

    /// What went wrong inside is in the log of the server, and nowhere else.
    @Test func errorsOfOursTellNothingOfTheInside() async throws {
        try await withServer(workers: false) { server in
            try await server.git.create("acme/broken")
            _ = try await server.repo("acme/app")
            try Data("nonsense".utf8).write(to: URL(fileURLWithPath: server.git.path("acme/broken") + "/config"))
            try Data("nonsense".utf8).write(to: URL(fileURLWithPath: server.git.path("acme/broken") + "/HEAD"))
            let forge = try await server.request("POST", "/api/repos/acme/broken", token: server.rootToken)
            #expect([404, 409, 502].contains(forge.status))
            try await server.run("alter table repositories rename column trusted to moved")
            let missing = try await server.get("/api/repos/acme/app", token: server.rootToken)
            #expect(missing.status == 500 && missing.code == "internal")
            try await server.run("alter table users rename column email to moved")
            let everywhere = try await server.get("/api/user", token: server.rootToken)
            #expect(everywhere.status == 500)
            try await server.run("drop table access_tokens cascade")
            let gone = try await server.request(
                "POST", "/api/users", token: server.rootToken, json: #"{"login":"x"}"#)
            #expect(gone.status == 500)
            for reply in [forge, missing, everywhere, gone] {
                for word in [
                    server.git.root, "/tmp", ".swift", "Postgres", "column", "relation", "select", "SQL", "42703",
                    "fatal:", "Error(", "libpq", "Sources",
                ] {
                    #expect(!reply.text.lowercased().contains(word.lowercased()), "\(word): \(reply.text)")
                }
                #expect(try reply.object()["request_id"] as? String == reply.header("X-Request-Id"))
            }
        }
    }

    @Test func aDatabaseThatIsGoneIs503() async throws {
        try await withServer(workers: false) { server in
            let name = try #require(server.databaseURL.split(separator: "/").last?.split(separator: "?").first)
            try await withPool(server.databaseURL.replacingOccurrences(of: "/\(name)", with: "/postgres")) { other in
                for sql in [
                    "alter database \(name) allow_connections false",
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = '\(name)'",
                ] {
                    _ = try await other.execute(Statement(name: "test: \(sql)", sql: sql), [])
                }
            }
            let reply = try await eventualValue(timeout: .seconds(180)) {
                let reply = try await server.get("/api/user", token: server.rootToken)
                return reply.status == 503 ? reply : nil
            }
            #expect(reply.code == "unavailable" && reply.header("Retry-After") != nil)
            #expect(!reply.text.contains(String(name)) && !reply.text.contains("connect"))
        }
    }
}

extension TestServer {
    func run(_ sql: String) async throws {
        _ = try await database.execute(Statement(name: "test: \(sql)", sql: sql), [])
    }
}
