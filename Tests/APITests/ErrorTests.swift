import API
import Core
import Foundation
import TestSupport
import Testing

/// What is wrong with a request is told in one form, and never as a mistake of ours.
@Suite struct ErrorTests {
    @Test func errorsHaveOneFormAndTheRequestsID() async throws {
        try await withServer(workers: false) { server in
            for (method, path, token, status, code) in [
                ("GET", "/api/user", nil, 401, "unauthenticated"), ("GET", "/nowhere", nil, 404, "not_found"),
                ("GET", "/api/repos/no/such", server.rootToken, 404, "not_found"),
                ("PUT", "/api/user", nil, 405, "method_not_allowed"),
                ("GET", "/api/users?limit=0", server.rootToken, 400, "invalid"),
            ] {
                let reply = try await server.request(method, path, token: token)
                #expect(reply.status == status, "\(path): \(reply.text)")
                let error = try reply.object()
                #expect(Set(error.keys) == ["code", "message", "request_id"] && error["code"] as? String == code)
                #expect((error["message"] as? String)?.isEmpty == false)
                #expect(error["request_id"] as? String == reply.header("X-Request-Id"))
                #expect(reply.header("Content-Type") == "application/json; charset=utf-8")
            }
            let ids = [try await server.get("/healthz"), try await server.get("/healthz")].map {
                $0.header("X-Request-Id")
            }
            #expect(ids[0] != nil && ids[0] != ids[1])
        }
    }

    /// Numbers that no column of the database holds.
    @Test func anAgentsNumbersThatAreTooLargeAreItsMistake() async throws {
        try await withServer { server in
            try await server.push(try await server.repo("acme/app"))
            let agent = try await ScriptedAgent(server)
            let job = try await agent.start()
            let large = Int(Int32.max) + 1
            for reply in [
                try await agent.step(job, 1, .running, exitCode: large), try await agent.step(job, large, .running),
            ] {
                #expect(reply.status == 400, "\(reply.text)")
            }
            #expect(try await agent.step(job, 1, .success, exitCode: large - 1).status == 204)
        }
    }

    @Test func wrongBodiesNameTheField() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            _ = try await server.user("bob")
            let app = "/api/repos/acme/app"
            for (method, path, body, words) in [
                ("PATCH", app, "{", "JSON"), ("PATCH", app, "[]", "object"), ("PATCH", app, "null", "object"),
                ("PATCH", app, "\u{1}", "JSON"), ("PATCH", app, #""text""#, "object"), ("PATCH", app, "{} {}", "JSON"),
                ("PATCH", app, #"{"timeout":"60"}"#, "timeout"), ("PATCH", app, #"{"timeout":1.5}"#, "timeout"),
                ("PATCH", app, #"{"timeout":1e400}"#, "timeout"),
                ("PATCH", app, #"{"timeout":99999999999999999999}"#, "timeout"),
                ("PATCH", app, #"{"timeout":0}"#, "timeout"), ("PATCH", app, #"{"timeout":1441}"#, "timeout"),
                ("PATCH", app, #"{"private":1}"#, "private"), ("PATCH", app, #"{"trusted":"yes"}"#, "trusted"),
                ("PATCH", app, #"{"allow_pr":[]}"#, "allow_pr"), ("PATCH", app, #"{"allow_push":{}}"#, "allow_push"),
                ("PATCH", app, #"{"allow_deploys":0}"#, "allow_deploys"),
                ("PATCH", app, #"{"allow_deploy":0}"#, "allow_deploy"),
                ("PATCH", app, #"{"allow_tags":"t"}"#, "allow_tags"),
                ("PATCH", app, #"{"allow_tag":"t"}"#, "allow_tag"),
                ("PATCH", "/api/user", #"{"email":7}"#, "email"),
                ("PATCH", "/api/user", #"{"email":"nobody"}"#, "email"),
                ("PATCH", "/api/users/bob", #"{"admin":"x"}"#, "admin"),
                ("PATCH", "/api/users/bob", #"{"active":2}"#, "active"),
                ("POST", "/api/users", #"{"login":7}"#, "login"), ("POST", "/api/users", "{}", "login"),
                ("POST", "/api/users", "", "JSON"), ("POST", "/api/users", #"{"login":"a b"}"#, "login"),
                ("POST", "/api/users/carl", #"{"avatar_url":7}"#, "avatar_url"),
                ("POST", "/api/users/carl", #"{"admin":7}"#, "admin"),
                ("POST", "/api/user/tokens", #"{"name":7}"#, "name"),
                ("POST", "/api/user/tokens", #"{"name":"\#(String(repeating: "n", count: 101))"}"#, "name"),
                ("PUT", "/api/tenants/acme/members/bob", "{}", "role"),
                ("PUT", "/api/tenants/acme/members/bob", #"{"role":7}"#, "role"),
                ("PUT", "/api/tenants/acme/members/bob", #"{"role":"none"}"#, "role"),
                ("PATCH", app, String(repeating: "[", count: 60_000), "JSON"),
            ] {
                let reply = try await server.request(method, path, token: server.rootToken, json: body)
                let message = try reply.object()["message"] as? String ?? ""
                #expect(
                    reply.status == 400 && reply.code == "invalid",
                    "\(method) \(path) \(body.prefix(60)): \(reply.text)")
                #expect(message.contains(words), "\(body.prefix(60)): \(message)")
            }
            let invalid = try await server.request(
                "PATCH", app, token: server.rootToken, body: [0x7B, 0x22, 0xFF, 0xFE, 0x22])
            #expect(invalid.status == 400)
        }
    }

    @Test func numbersThatAreNoneAre400AndUnknownOnes404() async throws {
        try await withServer { server in
            _ = try await server.builtRepo("acme/app")
            let app = "/api/repos/acme/app"
            for number in [
                "0", "-1", "abc", "1.5", "9223372036854775808", "1%00", "%31x", "999999999999999999999999999",
            ] {
                for (method, path) in [
                    ("GET", "builds/\(number)"), ("POST", "builds/\(number)"), ("GET", "logs/\(number)/1"),
                    ("GET", "logs/1/\(number)"),
                    ("DELETE", "logs/\(number)/1"), ("DELETE", "logs/1/\(number)"), ("DELETE", "builds/1/\(number)"),
                ] {
                    let reply = try await server.request(method, "\(app)/\(path)", token: server.rootToken)
                    #expect(reply.status == 400, "\(method) \(path): \(reply.text)")
                }
            }
            for number in ["2", "3000000000", "9223372036854775807"] {
                for (method, path) in [
                    ("GET", "builds/\(number)"), ("POST", "builds/\(number)"), ("POST", "builds/\(number)?fork=true"),
                    ("GET", "logs/\(number)/1"), ("GET", "logs/1/\(number)"), ("DELETE", "logs/\(number)/1"),
                    ("DELETE", "logs/1/\(number)"), ("GET", "logs/1/1?attempt=\(number)"),
                    ("GET", "logs/1/1?step=\(number)"),
                ] {
                    let reply = try await server.request(method, "\(app)/\(path)", token: server.rootToken)
                    #expect(
                        reply.status == 404 && reply.code == "not_found",
                        "\(method) \(path): \(reply.status) \(reply.text)")
                }
            }
            for query in [
                "builds?limit=0", "builds?limit=101", "builds?limit=x", "builds?before=0", "builds?before=-1",
                "builds?event=x",
                "builds?status=x", "builds?status=skipped", "builds?event=unknown", "logs/1/1?attempt=0",
                "logs/1/1?attempt=x",
            ] {
                #expect(try await server.get("\(app)/\(query)", token: server.rootToken).status == 400, "\(query)")
            }
        }
    }

    @Test func refusalsComeInOrder() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("acme/app")
            for path in [
                "acme/app/builds/0", "acme/app/logs/0/1", "acme/app/builds?limit=0", "a%20b/c", "a%20b/c/builds",
                "acme/app/logs/1/x",
            ] {
                #expect(try await server.get("/api/repos/\(path)", token: People.stranger).status == 401, "\(path)")
                #expect(try await server.get("/api/repos/\(path)", token: "skep_x").status == 401, "\(path)")
                #expect(try await server.get("/api/repos/\(path)", token: people.outsider).status == 404, "\(path)")
                #expect(try await server.get("/api/repos/\(path)").status == 404, "\(path)")
            }
            let there =
                try await server.get("/api/repos/acme/app", token: people.outsider).object()["message"] as? String
            let gone =
                try await server.get("/api/repos/acme/gone", token: people.outsider).object()["message"] as? String
            #expect(there?.replacingOccurrences(of: "acme/app", with: "acme/gone") == gone)
        }
    }

    @Test func everyAddressAnswersHeadOptionsAndWrongMethods() async throws {
        try await withServer { server in
            _ = try await server.builtRepo("acme/app")
            _ = try await server.request(
                "POST", "/api/tenants/acme/service-accounts", token: server.rootToken,
                json: #"{"name":"bot","role":"read"}"#)
            let router = Routes(engine: server.engine, newestMigration: 1).router()
            let routes = Routes.list(in: router)
            let values = [
                "owner": "acme", "name": "app", "number": "1", "build": "1", "job": "1", "login": "root", "id": "1",
                "account": "bot",
            ]
            for route in routes {
                var path = values.reduce(route.path) { $0.replacingOccurrences(of: "{\($1.key)}", with: $1.value) }
                if path.hasSuffix("tenants/acme/members/root") { path = "/api/tenants/acme/members" }
                let options = try await server.request("OPTIONS", path)
                #expect(options.status == 204 && options.header("Allow")?.contains("OPTIONS") == true, "\(path)")
                let wrong = try await server.request("TRACE", path, token: server.rootToken)
                #expect(wrong.status == 405 && wrong.code == "method_not_allowed", "\(path): \(wrong.status)")
                #expect(wrong.header("Allow") == options.header("Allow"))
                guard route.method == "GET" else { continue }
                // A stream of events has no end.
                if ["/api/stream/acme/app", "/api/user/events"].contains(path) { continue }
                #expect(options.header("Allow")?.contains("HEAD") == true)
                let get = try await server.get(path, token: server.rootToken)
                let head = try await server.request("HEAD", path, token: server.rootToken)
                #expect(
                    get.status == 200 && head.status == 200 && head.body.isEmpty,
                    "\(path): \(get.status) \(head.status)")
                // The HTTP library frames a reply without a body by a length of 0, also where GET would have none.
                if get.header("Content-Length") != nil {
                    #expect(head.header("Content-Length") == get.header("Content-Length"), "\(path)")
                }
                #expect(head.header("Content-Type") == get.header("Content-Type"), "\(path)")
            }
            #expect(try await server.request("OPTIONS", "/nowhere").status == 404)
        }
    }

    @Test func bodiesOverTheLimitAre413() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            for (method, path, limit) in [
                ("PATCH", "/api/repos/acme/app", 64 * 1024), ("PATCH", "/api/user", 64 * 1024),
                ("POST", "/api/users/bob", 64 * 1024),
                ("POST", "/api/repos/acme/app/encrypt", 512 * 1024), ("POST", "/hook", 25_000_000),
            ] {
                let body = [UInt8](repeating: UInt8(ascii: " "), count: limit + 1)
                let reply = try await server.request(method, path, token: server.rootToken, body: body)
                #expect(reply.status == 413 && reply.code == "too_large", "\(path): \(reply.status)")
                let fitting = try await server.request(method, path, token: server.rootToken, body: body.dropLast())
                #expect(fitting.status != 413 && fitting.status < 500, "\(path): \(fitting.status)")
            }
        }
    }

    @Test func oddInputIsNeverAnErrorOfOurs() async throws {
        try await withServer { server in
            _ = try await server.builtRepo("acme/app")
            let long = String(repeating: "x", count: 5000)
            let odd = [
                "%00", "%FF%FE", "%2F", "..%2f..%2Fetc", "%2525", "%C0%AF", "%0A", "%E2%80%AE", ":", "git:acme",
                "no:acme", "'%22;--", long, "%",
            ]
            let places = [
                "/%@", "/api/%@", "/api/users/%@", "/api/repos/%@/app", "/api/repos/acme/%@",
                "/api/repos/acme/%@/builds",
                "/api/repos/acme/app/builds?branch=%@", "/api/repos/acme/app/builds?before=%@",
                "/api/repos/acme/app/builds/latest?branch=%@",
                "/api/repos/acme/app/logs/1/1?step=%@", "/api/repos/acme/app/logs/1/%@", "/api/tenants/%@/members",
                "/api/tenants/acme/members/%@", "/api/tenants/acme/members?after=%@", "/api/users?after=%@",
                "/api/users?all=%@",
                "/api/user/tokens?before=%@", "/api/user?access_token=%@", "/api/repos/acme/app/builds/%@",
            ]
            for place in places {
                for text in odd {
                    let path = place.replacingOccurrences(of: "%@", with: text)
                    let reply = try await server.get(path, token: server.rootToken)
                    #expect(reply.status < 500, "GET \(path.prefix(100)): \(reply.status) \(reply.text.prefix(200))")
                }
            }
            for text in odd {
                for (method, path) in [
                    ("POST", "/api/users/\(text)"), ("PATCH", "/api/users/\(text)"),
                    ("POST", "/api/repos/acme/\(text)"),
                    ("DELETE", "/api/users/\(text)"), ("DELETE", "/api/user/tokens/\(text)"),
                    ("POST", "/api/repos/acme/app/builds/1?fork=true&deploy_to=\(text)"),
                    ("POST", "/api/repos/acme/app/builds/1?fork=\(text)"),
                ] {
                    let reply = try await server.request(method, path, token: server.rootToken)
                    #expect(
                        reply.status < 500, "\(method) \(path.prefix(100)): \(reply.status) \(reply.text.prefix(200))")
                }
            }
            for (method, path, body) in [
                ("POST", "/api/user/tokens", #"{"name":"a\u0000b"}"#),
                ("PATCH", "/api/user", #"{"email":"a\u0000@b"}"#),
                ("POST", "/api/users/eve", #"{"avatar_url":"\u0000","email":"e@e"}"#),
                ("POST", "/api/users", #"{"login":"\u0000"}"#),
                ("POST", "/api/users", #"{"login":"\ud800"}"#), ("POST", "/api/user/tokens", #"{"name":"\ud83d"}"#),
                ("PUT", "/api/tenants/acme/members/eve", #"{"role":"\u0000"}"#),
            ] {
                let reply = try await server.request(method, path, token: server.rootToken, json: body)
                #expect(reply.status < 500, "\(path) \(body): \(reply.status) \(reply.text)")
            }
        }
    }
}
