import API
import Sealing
import TestSupport
import Testing

/// Limits on requests, over HTTP.
@Suite struct RateTests {
    @Test func aTokenHasItsOwnLimit() async throws {
        var front = TestFront()
        front.rates.requests = 5
        try await withServer(workers: false, front: front) { server in
            let bob = try await server.user("bob")
            for left in (0..<5).reversed() {
                let reply = try await server.get("/api/user", token: bob)
                #expect(reply.status == 200 && reply.header("RateLimit-Limit") == "5")
                #expect(reply.header("RateLimit-Remaining") == "\(left)" && reply.header("Retry-After") == nil)
                #expect((1...60).contains(reply.header("RateLimit-Reset").flatMap { Int($0) } ?? 0))
            }
            for path in ["/api/user", "/nowhere", "/api/repos/no/such"] {
                let refused = try await server.get(path, token: bob)
                #expect(refused.status == 429 && refused.code == "rate_limited")
                #expect(refused.header("RateLimit-Remaining") == "0")
                #expect((1...12).contains(refused.header("Retry-After").flatMap { Int($0) } ?? 0))
                #expect(refused.header("X-Request-Id") != nil)
            }
            let root = try await server.get("/api/user", token: server.rootToken)
            #expect(root.status == 200 && root.header("RateLimit-Remaining") == "4")
            #expect(try await server.get("/version").header("RateLimit-Limit") == nil)
            for path in ["/healthz", "/readyz"] {
                let reply = try await server.get(path, token: bob)
                #expect(reply.status == 200 && reply.header("RateLimit-Limit") == nil)
            }
        }
    }

    @Test func addressesWithoutATokenAreCountedByTheClientsAddress() async throws {
        var front = TestFront()
        front.rates.anonymous = 3
        front.proxies = try TrustedProxies(["127.0.0.1"])
        try await withServer(workers: false, front: front) { server in
            for (address, status) in [
                ("2001:db8::1", 404), ("2001:db8::2", 404), ("198.51.100.1", 404), ("2001:db8::3", 404),
                ("2001:db8::4", 429), ("2001:db8:0:1::1", 404), ("198.51.100.1", 404),
            ] {
                let reply = try await server.request(
                    "GET", "/api/repos/a/b", headers: ["X-Forwarded-For": address])
                #expect(reply.status == status && reply.header("RateLimit-Limit") == "3", "\(address)")
            }
            let user = try await server.request(
                "GET", "/api/user", token: server.rootToken, headers: ["X-Forwarded-For": "2001:db8::4"])
            #expect(user.status == 200)
        }
    }

    @Test func badTokensAreRefusedSoonerAndGoodOnesGoOn() async throws {
        var front = TestFront()
        front.rates.failures = 4
        try await withServer(workers: false, front: front) { server in
            let bob = try await server.user("bob")
            let late = try await server.user("late")
            let agent = try await ScriptedAgent(server)
            #expect(try await server.get("/api/user", token: bob).status == 200)
            #expect(try await agent.claim() == nil)
            for _ in 0..<4 {
                #expect(try await server.get("/api/user", token: Token.generate().text).status == 401)
            }
            for token in [Token.generate().text, late, "nonsense", nil] {
                let refused = try await server.get("/api/user", token: token)
                #expect(refused.status == 429 && refused.header("RateLimit-Limit") == "4")
            }
            #expect(try await server.get("/api/user", token: bob).status == 200)
            #expect(try await agent.claim() == nil)
            let stranger = try await server.request(
                "POST", "/agent/v1/claim", token: Token.generate(prefix: Token.agentPrefix).text)
            #expect(stranger.status == 429)
            #expect(try await server.get("/healthz").status == 200)
        }
    }

    /// A route that looks at no token says nothing about one.
    @Test func aTokenIsNotKnownBecauseNobodyLookedAtIt() async throws {
        var front = TestFront()
        front.rates.failures = 1
        front.rates.requests = 100
        try await withServer(workers: false, front: front) { server in
            let bad = Token.generate().text
            let unlooked = try await server.get("/version", token: bad)
            #expect(unlooked.status == 200)
            #expect(try await server.get("/api/user", token: bad).status == 401)
            #expect(try await server.get("/api/user", token: bad).status == 429)
        }
    }

    @Test func hooksHaveALimitOfTheirOwn() async throws {
        var front = TestFront()
        front.rates.hooks = 2
        front.rates.anonymous = 1
        try await withServer(workers: false, front: front) { server in
            for (path, limited) in [("/hook", false), ("/api/hook", false), ("/hook", true)] {
                let reply = try await server.request("POST", path, json: "{}")
                #expect((reply.status == 429) == limited, "\(reply.status)")
                #expect(reply.header("RateLimit-Limit") == "2")
            }
            #expect(try await server.get("/version").status == 200)
        }
    }
}
