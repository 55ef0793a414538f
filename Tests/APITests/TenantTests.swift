import Builds
import Core
import Foundation
import Store
import TestSupport
import Testing

/// Tenants: who sees them, their limits and defaults, and the accounts they make.
@Suite struct TenantTests {
    private static let path = "/api/tenants/acme"

    @Test func oneSeesTheTenantsOneBelongsTo() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("other/app")
            func names(_ token: String) async throws -> [String?] {
                try await server.get("/api/tenants", token: token).array().map { $0["name"] as? String }
            }
            #expect(try await names(people.reader) == ["acme"])
            #expect(try await names(people.outsider) == [])
            #expect(try await names(server.rootToken) == ["acme", "other"])
            let page = try await server.get("/api/tenants?limit=1", token: server.rootToken)
            #expect(try page.array().count == 1 && page.header("Link")?.contains("after=") == true)
            let lesser = try await server.request(
                "POST", "/api/user/tokens", token: server.rootToken,
                json: #"{"scopes":[{"level":"read","tenant":"other"}]}"#
            ).object()
            #expect(try await names(try #require(lesser["token"] as? String)) == ["other"])
            let tenant = try await server.get(Self.path, token: people.writer).object()
            #expect(tenant["role"] as? String == "write" && tenant["forge"] as? String == "git")
        }
    }

    @Test func defaultsAreForNewRepositories() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            let old = try await server.repo("acme/old")
            let changed = try await server.request(
                "PATCH", Self.path, token: people.admin,
                json: #"{"display_name":"Acme","defaults":{"timeout":10,"allow_tags":true,"allow_pr":false}}"#)
            #expect(changed.status == 200)
            #expect(try changed.object()["display_name"] as? String == "Acme")
            let new = try await server.repo("acme/new")
            #expect(new.timeout == 10 && new.allows.tags && !new.allows.pullRequests && new.allows.pushes)
            #expect(old.timeout == 60)
            #expect(try await server.get("/api/repos/acme/old", token: people.admin).object()["timeout"] as? Int == 60)
        }
    }

    @Test func limitsAreForAdministratorsOfTheServer() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            let limit = #"{"limits":{"timeout":30,"repositories":2}}"#
            let refused = try await server.request("PATCH", Self.path, token: people.admin, json: limit)
            #expect(refused.status == 403 && refused.text.contains("limits.repositories"))
            #expect(
                try await server.request("PATCH", Self.path, token: people.administrator, json: limit).status == 200)
            // What is there may be sent back.
            #expect(try await server.request("PATCH", Self.path, token: people.admin, json: limit).status == 200)
            let tooLong = try await server.request(
                "PATCH", Self.path, token: people.admin, json: #"{"defaults":{"timeout":31}}"#)
            #expect(tooLong.status == 400)
            // The default of 60 minutes is over the limit: new repositories get the limit.
            #expect(try await server.repo("acme/app").timeout == 30)
            let over = try await server.request(
                "PATCH", "/api/repos/acme/app", token: server.rootToken, json: #"{"timeout":31}"#)
            #expect(over.status == 409)
            #expect(
                try await server.request(
                    "PATCH", Self.path, token: people.administrator, json: #"{"limits":{"timeout":0}}"#
                ).status == 200)
            #expect(
                try await server.request(
                    "PATCH", "/api/repos/acme/app", token: server.rootToken, json: #"{"timeout":31}"#
                ).status == 200)
        }
    }

    @Test(arguments: [
        (#"{"display_name":"a\u0007"}"#, "display_name must be at most 200 characters, without control characters."),
        (#"{"limits":{"repositories":-1}}"#, "limits.repositories must be 0 (no limit) to 1000000."),
        (#"{"limits":{"timeout":1441}}"#, "limits.timeout must be 0 (no limit) to 1440 minutes."),
        (#"{"defaults":{"timeout":0}}"#, "defaults.timeout must be 1 to 1440 minutes."),
        (#"{"defaults":{"timeout":"1"}}"#, "defaults.timeout must be a whole number."),
    ])
    func wrongChangesNameTheField(body: String, message: String) async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            let reply = try await server.request("PATCH", Self.path, token: server.rootToken, json: body)
            #expect(reply.status == 400)
            #expect(try reply.object()["message"] as? String == message)
        }
    }

    @Test func theLimitOfRepositoriesHoldsAlsoAtOnce() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            let limit = #"{"limits":{"repositories":5}}"#
            _ = try await server.request("PATCH", Self.path, token: people.administrator, json: limit)
            for number in 0..<12 { try await server.git.create("acme/app\(number)") }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<12 {
                    group.addTask {
                        try await server.request("POST", "/api/repos/acme/app\(number)", token: people.admin).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == Array(repeating: 200, count: 5) + Array(repeating: 409, count: 7))
            #expect(try await server.get("/api/user/repos", token: people.admin).array().count == 5)
        }
    }

    @Test func useIsCountedOnceForEachAttempt() async throws {
        try await withServer { server in
            let repo = try await server.builtRepo("acme/app")
            _ = repo
            let path = "/api/repos/acme/app"
            #expect(try await server.request("POST", "\(path)/builds/1", token: server.rootToken).status == 202)
            let agent = try await ScriptedAgent(server)
            let claimed = try await agent.start()
            try await agent.log(claimed, offset: 0, Array("second\n".utf8))
            try await agent.finish(claimed, .success, exitCode: 0, logSize: 7)
            let first = try await server.get("\(path)/logs/1/1?attempt=1", token: server.rootToken).body.count
            func used() async throws -> [[String: Any]] {
                try await server.get("\(Self.path)/usage", token: server.rootToken).array()
            }
            for _ in 0..<2 {
                let months = try await used()
                #expect(months.count == 12)
                #expect(months[0]["builds"] as? Int == 1 && months[0]["log_bytes"] as? Int == first + 7)
                #expect((months[0]["job_seconds"] as? Int).map { (1...60).contains($0) } == true)
                #expect(months[1]["builds"] as? Int == 0)
                // Added up or not yet, it is the same.
                try await server.engine.foldUsage()
            }
            #expect(try await server.request("DELETE", path, token: server.rootToken).status == 204)
            try await server.engine.keepHouse()
            #expect(try await used()[0]["builds"] as? Int == 1)
            #expect(try await server.get("\(Self.path)/usage?from=2026-13", token: server.rootToken).status == 400)
            #expect(
                try await server.get("\(Self.path)/usage?from=2025-11&to=2025-01", token: server.rootToken).status
                    == 400)
            let year = try await server.get("\(Self.path)/usage?from=2025-02&to=2025-04", token: server.rootToken)
            #expect(try year.array().map { $0["month"] as? String } == ["2025-04", "2025-03", "2025-02"])
        }
    }

    @Test func aServiceAccountWorksForItsTenantAndNoOther() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("acme/app")
            _ = try await server.repo("other/app")
            let accounts = "\(Self.path)/service-accounts"
            let made = try await server.request(
                "POST", accounts, token: people.admin, json: #"{"name":"deploy","role":"write"}"#)
            #expect(made.status == 201)
            #expect(try made.object()["login"] as? String == "deploy@acme")
            #expect(
                try await server.request(
                    "POST", accounts, token: people.admin, json: #"{"name":"deploy","role":"write"}"#
                ).status == 409)
            let token = try #require(
                try await server.request(
                    "POST", "\(accounts)/deploy/tokens", token: people.admin, json: #"{"name":"production"}"#
                ).object()["token"] as? String)
            #expect(try await server.get("/api/repos/acme/app", token: token).status == 200)
            #expect(try await server.get("/api/repos/other/app", token: token).status == 404)
            #expect(try await server.request("PATCH", "/api/repos/acme/app", token: token, json: "{}").status == 200)
            #expect(try await server.request("DELETE", "/api/repos/acme/app", token: token).status == 403)
            #expect(
                try await server.request("PATCH", "/api/user", token: token, json: #"{"email":"a@example.com"}"#).status
                    == 403)
            let self_ = try await server.get("/api/user", token: token).object()
            #expect(self_["kind"] as? String == "service" && self_["email"] as? String == "")
            // Neither another tenant's member, nor an administrator, whoever asks.
            #expect(
                try await server.request(
                    "PUT", "/api/tenants/other/members/deploy@acme", token: server.rootToken, json: #"{"role":"read"}"#
                ).status == 409)
            #expect(
                try await server.request(
                    "PATCH", "/api/users/deploy@acme", token: server.rootToken, json: #"{"admin":true}"#
                ).status == 409)
            let elsewhere = try await server.request(
                "POST", "\(accounts)/deploy/tokens", token: server.rootToken,
                json: #"{"scopes":[{"level":"read","tenant":"other"}]}"#)
            #expect(elsewhere.status == 400)
            #expect(
                try await server.request(
                    "PUT", "\(Self.path)/members/deploy@acme", token: people.admin, json: #"{"role":"admin"}"#
                ).status == 200)
            let list = try await server.get(accounts, token: people.reader).array()
            #expect(list.map { $0["role"] as? String } == ["admin"])
            let tokens = try await server.get("\(accounts)/deploy/tokens", token: people.admin).array()
            let id = try #require(tokens.first?["id"] as? Int)
            #expect(tokens.count == 1 && tokens[0]["made_by"] as? String == "owner")
            #expect(
                try await server.request("DELETE", "\(accounts)/deploy/tokens/\(id)", token: people.admin).status == 204
            )
            #expect(try await server.get("/api/user", token: token).status == 401)
            #expect(try await server.request("DELETE", "\(accounts)/deploy", token: people.admin).status == 204)
            #expect(try await server.request("DELETE", "\(accounts)/deploy", token: people.admin).status == 404)
        }
    }
}
