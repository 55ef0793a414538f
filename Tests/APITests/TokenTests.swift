import Foundation
import Sealing
import Store
import TestSupport
import Testing

/// Tokens over the API.
@Suite struct TokenTests {
    @Test func aTokenIsShownOnceAndStopsWhenDeleted() async throws {
        try await withServer(workers: false) { server in
            let bob = try await server.user("bob")
            let made = try await server.request("POST", "/api/user/tokens", token: bob, json: #"{"name":"laptop"}"#)
            let token = try made.object()
            #expect(
                made.status == 201 && made.header("Cache-Control") == "no-store" && token["name"] as? String == "laptop"
            )
            let text = try #require(token["token"] as? String)
            let id = try #require(token["id"] as? Int64)
            #expect(text.hasPrefix("skep_") && Token(text) != nil)
            #expect(try await server.get("/api/user", token: text).object()["login"] as? String == "bob")
            let listed = try await server.get("/api/user/tokens", token: bob)
            #expect(!listed.text.contains(text) && !listed.text.contains("\"token\""))
            #expect(try listed.array().map { $0["name"] as? String } == ["laptop", "test"])
            #expect(try await server.request("DELETE", "/api/user/tokens/\(id)", token: server.rootToken).status == 404)
            #expect(try await server.request("DELETE", "/api/user/tokens/\(id)", token: bob).status == 204)
            #expect(try await server.request("DELETE", "/api/user/tokens/\(id)", token: bob).status == 404)
            #expect(try await server.get("/api/user", token: text).status == 401)
            #expect(try await server.request("DELETE", "/api/user/tokens/x", token: bob).status == 400)
        }
    }

    @Test func useIsNoted() async throws {
        try await withServer(workers: false) { server in
            let bob = try await server.user("bob")
            try await eventually {
                let used = try await server.get("/api/user/tokens", token: bob).array().first?["last_used_at"] as? Int64
                return (used ?? 0) > 1_700_000_000
            }
        }
    }

    @Test func tokensAreListedInPagesAndDeletedTogether() async throws {
        try await withServer(workers: false) { server in
            let bob = try await server.user("bob")
            for _ in 0..<4 { _ = try await server.request("POST", "/api/user/tokens", token: bob) }
            let ids = try await server.pages("/api/user/tokens?limit=2", token: bob).compactMap { $0["id"] as? Int64 }
            #expect(ids.count == 5 && ids == ids.sorted(by: >) && Set(ids).count == 5)
            #expect(try await server.request("DELETE", "/api/user/tokens", token: bob).status == 204)
            #expect(try await server.get("/api/user", token: bob).status == 401)
            #expect(try await server.get("/api/user", token: server.rootToken).status == 200)
        }
    }

    @Test func administratorsMakeTokensForOthers() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.user("bob")
            let made = try await server.request(
                "POST", "/api/users/BOB/tokens", token: server.rootToken, json: #"{"name":"robot"}"#)
            #expect(made.status == 201)
            let text = try made.object()["token"] as? String
            #expect(try await server.get("/api/user", token: text).object()["login"] as? String == "bob")
            #expect(try await server.request("POST", "/api/users/nobody/tokens", token: server.rootToken).status == 404)
        }
    }

    /// A page's address is written down in histories and logs: it does not have the token.
    @Test func pagesDoNotRepeatTheToken() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.user("bob")
            let page = try await server.get("/api/users?limit=1&access_token=\(server.rootToken)")
            #expect(page.status == 200)
            #expect(try page.nextPage() == "/api/users?limit=1&after=bob")
        }
    }

    /// Tokens are in no cache: what one server has ended, another refuses with the next request.
    @Test func aTokenEndsOnEveryServerAtOnce() async throws {
        try await withServer(workers: false) { one in
            _ = try await one.repo("acme/app")
            try await one.withAnother { two in
                for (method, path, body) in [
                    ("DELETE", "/api/user/tokens/{id}", nil), ("DELETE", "/api/user/tokens", nil),
                    ("PATCH", "/api/users/bob", #"{"active":false}"#), ("DELETE", "/api/users/bob", nil),
                ] as [(String, String, String?)] {
                    let bob = try await bob(one)
                    for server in [one, two] {
                        #expect(try await server.get("/api/user", token: bob.token).status == 200)
                        #expect(try await server.get("/api/repos/acme/app", token: bob.token).status == 404)
                    }
                    let token = path.hasPrefix("/api/users") ? one.rootToken : bob.token
                    let address = path.replacingOccurrences(of: "{id}", with: "\(bob.id)")
                    let ended = try await one.request(method, address, token: token, json: body)
                    #expect([200, 204].contains(ended.status), "\(path): \(ended.text)")
                    for server in [two, one] {
                        for read in ["/api/user", "/api/repos/acme/app", "/api/repos/acme/app/builds"] {
                            #expect(try await server.get(read, token: bob.token).status == 401, "\(path), \(read)")
                        }
                    }
                }
            }
        }
    }

    /// `bob`, active, with a new token.
    private func bob(_ server: TestServer) async throws -> (token: String, id: Int64) {
        if try await server.store.findUser("bob") == nil { _ = try await server.user("bob") }
        _ = try await server.request("PATCH", "/api/users/bob", token: server.rootToken, json: #"{"active":true}"#)
        let made = try await server.request("POST", "/api/users/bob/tokens", token: server.rootToken).object()
        return (try #require(made["token"] as? String), try #require(made["id"] as? Int64))
    }
}
