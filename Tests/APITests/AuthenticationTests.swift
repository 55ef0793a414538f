import Core
import Foundation
import Sealing
import Store
import TestSupport
import Testing

/// Who a request comes from.
@Suite struct AuthenticationTests {
    @Test func tokensComeInSeveralWays() async throws {
        try await withServer(workers: false) { server in
            let token = server.rootToken
            let bad = Token.generate().text
            let agent = try await server.agentToken()
            for (header, query, status) in [
                ("Bearer \(token)", nil, 200), ("bearer \(token)", nil, 200), ("BEARER  \(token)", nil, 200),
                (token, nil, 200),
                (nil, token, 200), ("Bearer \(token)", bad, 200), ("Bearer \(bad)", token, 401),
                ("Basic \(token)", token, 401),
                ("Basic cm9vdDpyb290", nil, 401), ("token \(token)", nil, 401), ("Bearer", nil, 401),
                ("Bearer \(token) x", nil, 401),
                ("Bearer \(token)x", nil, 401), ("Bearer \(token.dropLast())", nil, 401), (nil, bad, 401),
                (nil, "", 401),
                ("Bearer \(agent)", nil, 401), (nil, nil, 401),
            ] {
                let headers = header.map { ["Authorization": $0] } ?? [:]
                let path = "/api/user" + (query.map { "?access_token=\($0)" } ?? "")
                let reply = try await server.request("GET", path, headers: headers)
                #expect(reply.status == status, "\(header ?? "-") \(query ?? "-")")
                if status == 401 { #expect(reply.header("WWW-Authenticate") == "Bearer") }
            }
        }
    }

    @Test func aBadTokenIsRefusedOnAPublicRepositoryToo() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            try await server.publish("acme/app")
            #expect(try await server.get("/api/repos/acme/app").status == 200)
            #expect(try await server.get("/api/repos/acme/app", token: Token.generate().text).status == 401)
            #expect(try await server.get("/api/repos/acme/app/builds", token: Token.generate().text).status == 401)
            #expect(try await server.get("/api/repos/acme/app/builds?access_token=x").status == 401)
        }
    }

    @Test func tokensStopAtOnce() async throws {
        try await withServer(workers: false) { server in
            let token = try await server.user("bob")
            let expired = Token.generate()
            let bob = try #require(try await server.store.findUser("bob"))
            _ = try await server.store.createToken(
                userID: bob.id, NewToken(name: "old", expiresAt: Date(timeIntervalSinceNow: -1)), hash: expired.hash)
            #expect(try await server.get("/api/user", token: expired.text).status == 401)
            #expect(try await server.get("/api/user", token: token).status == 200)
            for (active, status) in [("false", 401), ("true", 200)] {
                let body = #"{"active":\#(active)}"#
                #expect(
                    try await server.request("PATCH", "/api/users/bob", token: server.rootToken, json: body).status
                        == 200)
                #expect(try await server.get("/api/user", token: token).status == status)
            }
            #expect(try await server.request("DELETE", "/api/users/bob", token: server.rootToken).status == 204)
            #expect(try await server.get("/api/user", token: token).status == 401)
            #expect(try await server.get("/api/users/bob", token: server.rootToken).status == 404)
        }
    }
}
