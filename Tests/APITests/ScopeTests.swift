import Core
import Foundation
import Sealing
import Store
import TestSupport
import Testing

/// Tokens that may do less than their users.
@Suite struct ScopeTests {
    /// Asks as the owner of `acme`, with a token of these scopes (JSON), and answers the statuses.
    private func statuses(_ server: TestServer, owner: String, scopes: String, _ requests: [(String, String)])
        async throws
        -> [Int]
    {
        let made = try await server.request(
            "POST", "/api/user/tokens", token: owner, json: #"{"name":"lesser","scopes":\#(scopes)}"#)
        #expect(made.status == 201, "\(made.text)")
        let token = try #require(try made.object()["token"] as? String)
        var statuses: [Int] = []
        for (method, path) in requests {
            statuses.append(
                try await server.request(method, path, token: token, json: method == "PATCH" ? "{}" : nil).status)
        }
        return statuses
    }

    @Test(arguments: [
        (#"[{"level":"read"}]"#, [200, 403, 403, 200, 403, 403, 403, 200, 404]),
        (#"[{"level":"write"}]"#, [200, 200, 403, 200, 200, 403, 403, 200, 404]),
        (#"[{"level":"admin"}]"#, [200, 200, 404, 200, 200, 200, 200, 200, 404]),
        (#"[{"level":"read","tenant":"acme"}]"#, [200, 403, 403, 200, 403, 403, 403, 200, 404]),
        (#"[{"level":"admin","tenant":"acme"}]"#, [200, 200, 404, 200, 200, 403, 403, 200, 404]),
        (#"[{"level":"write","repo":"acme/app"}]"#, [200, 200, 403, 404, 404, 403, 403, 404, 404]),
        (
            #"[{"level":"write","repo":"acme/app"},{"level":"read","tenant":"acme"}]"#,
            [200, 200, 403, 200, 403, 403, 403, 200, 404]
        ),
    ])
    func aTokenDoesAtMostWhatItsScopesSay(scopes: String, expected: [Int]) async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("acme/app")
            _ = try await server.repo("acme/lib")
            _ = try await server.repo("other/secret")
            let found = try await statuses(
                server, owner: people.admin, scopes: scopes,
                [
                    ("GET", "/api/repos/acme/app"), ("PATCH", "/api/repos/acme/app"),
                    ("DELETE", "/api/tenants/acme/members/nobody"), ("GET", "/api/repos/acme/lib"),
                    ("PATCH", "/api/repos/acme/lib"), ("PATCH", "/api/user"), ("GET", "/api/user/tokens"),
                    ("GET", "/api/tenants/acme/members"), ("GET", "/api/repos/other/secret"),
                ])
            // A tenant that the token may not see at all is 404, members and all.
            var expected = expected
            if !scopes.contains("tenant"), scopes.contains("repo") { expected[2] = 404 }
            #expect(found == expected)
        }
    }

    @Test func anAdministratorsLesserTokenIsNone() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            let found = try await statuses(
                server, owner: server.rootToken, scopes: #"[{"level":"write"}]"#,
                [
                    ("GET", "/api/users"), ("GET", "/api/repos/acme/app"), ("PATCH", "/api/repos/acme/app"),
                    ("DELETE", "/api/repos/acme/app"), ("POST", "/api/user/tokens"), ("GET", "/api/user"),
                ])
            #expect(found == [403, 200, 200, 403, 403, 200])
        }
    }

    @Test func aLesserTokenListsWhatItMayReadAndEndsItself() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("acme/app")
            _ = try await server.repo("acme/lib")
            let made = try await server.request(
                "POST", "/api/user/tokens", token: people.admin,
                json: #"{"scopes":[{"level":"read","repo":"acme/app"}],"expires_in":3600}"#
            ).object()
            let token = try #require(made["token"] as? String)
            let id = try #require(made["id"] as? Int)
            let expires = try #require(made["expires_at"] as? Int)
            #expect(abs(Double(expires) - Date().timeIntervalSince1970 - 3600) < 60)
            let repos = try await server.get("/api/user/repos", token: token).array()
            #expect(repos.map { $0["full_name"] as? String } == ["acme/app"])
            #expect(try await server.get("/api/user/repos", token: people.admin).array().count == 2)
            let others = try await server.get("/api/user/tokens", token: people.admin).array()
            let other = try #require(others.map { $0["id"] as? Int ?? 0 }.first { $0 != id })
            #expect(try await server.request("DELETE", "/api/user/tokens/\(other)", token: token).status == 403)
            #expect(try await server.request("DELETE", "/api/user/tokens/\(id)", token: token).status == 204)
            #expect(try await server.get("/api/user", token: token).status == 401)
        }
    }

    @Test(arguments: [
        (#"{"scopes":[]}"#, "scopes must be 1 to 50."),
        (#"{"scopes":[{"level":"none"}]}"#, "scopes[0].level must be read, write or admin."),
        (
            #"{"scopes":[{"level":"read","tenant":"acme","repo":"acme/app"}]}"#,
            "scopes[0] must have tenant or repo, not both."
        ),
        (
            #"{"scopes":[{"level":"read"},{"level":"read","tenant":"other"}]}"#,
            "scopes[1]: there is no tenant other, or you may not see it."
        ),
        (
            #"{"scopes":[{"level":"read","repo":"other/secret"}]}"#,
            "scopes[0]: there is no repository other/secret, or you may not see it."
        ),
        (#"{"expires_at":1}"#, "The token must expire in the future."),
        (#"{"expires_in":0}"#, "expires_in must be 1 to 316224000 seconds."),
        (#"{"expires_in":10,"expires_at":9999999999}"#, "Give expires_at or expires_in, not both."),
    ])
    func wrongScopesSayWhatToChange(body: String, message: String) async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("other/secret")
            let reply = try await server.request("POST", "/api/user/tokens", token: people.admin, json: body)
            #expect(reply.status == 400)
            #expect(try reply.object()["message"] as? String == message)
        }
    }

    /// A scope is on the repository itself: one of the same name that comes later is another.
    @Test func aScopeDiesWithItsRepository() async throws {
        try await withServer { server in
            let people = try await People(server)
            _ = try await server.repo("acme/app")
            let made = try await server.request(
                "POST", "/api/user/tokens", token: people.admin,
                json: #"{"scopes":[{"level":"admin","repo":"acme/app"}]}"#
            ).object()
            let token = try #require(made["token"] as? String)
            #expect(try await server.get("/api/repos/acme/app", token: token).status == 200)
            #expect(try await server.request("DELETE", "/api/repos/acme/app", token: token).status == 204)
            _ = try await server.request("POST", "/api/repos/acme/app", token: server.rootToken)
            #expect(try await server.get("/api/repos/acme/app", token: people.admin).status == 200)
            #expect(try await server.get("/api/repos/acme/app", token: token).status == 404)
        }
    }
}
