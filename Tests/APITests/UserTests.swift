import Core
import Foundation
import TestSupport
import Testing

/// Accounts, one's own and others'.
@Suite struct UserTests {
    private static let octocat = "http://www.gravatar.com/avatar/7194e8d48fa1d2b689f99443b767316c"

    @Test func usersAreMadeWithAndWithoutABody() async throws {
        try await withServer(workers: false) { server in
            let root = server.rootToken
            let plain = try await server.request("POST", "/api/users/plain", token: root)
            let user = try plain.object()
            #expect(plain.status == 201 && user["login"] as? String == "plain" && user["email"] as? String == "")
            #expect(
                user["active"] as? Bool == true && user["admin"] as? Bool == false
                    && user["avatar_url"] as? String == "")
            let full = try await server.request(
                "POST", "/api/users/octocat", token: root,
                json: #"{"email":"Octocat@GitHub.com","admin":true,"login":"other"}"#)
            #expect(full.status == 201)
            #expect(try full.object()["login"] as? String == "octocat")
            #expect(try full.object()["avatar_url"] as? String == Self.octocat)
            #expect(try full.object()["admin"] as? Bool == true)
            let named = try await server.request(
                "POST", "/api/users", token: root, json: #"{"login":"dependabot[bot]","avatar_url":"http://a/b"}"#)
            #expect(named.status == 201)
            #expect(try named.object()["avatar_url"] as? String == "http://a/b")
            #expect(try await server.get("/api/users/dependabot%5Bbot%5D", token: root).status == 200)
            #expect(try await server.get("/api/users/OCTOCAT", token: root).object()["login"] as? String == "octocat")
            for (path, body) in [("/octocat", nil), ("/OctoCat", nil), ("", #"{"login":"PLAIN"}"#)] {
                let reply = try await server.request("POST", "/api/users\(path)", token: root, json: body)
                #expect(reply.status == 409 && reply.code == "conflict", "\(path)")
            }
        }
    }

    @Test func absentFieldsStayAsTheyAre() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.user("bob", admin: true)
            for (body, email, admin, active) in [
                (#"{}"#, "bob@example.com", true, true), ("", "bob@example.com", true, true),
                (#"{"email":null,"admin":null,"x":1}"#, "bob@example.com", true, true),
                (#"{"admin":false}"#, "bob@example.com", false, true),
                (#"{"active":false}"#, "bob@example.com", false, false),
                (#"{"email":"octocat@github.com"}"#, "octocat@github.com", false, false),
                (#"{"active":true,"admin":true}"#, "octocat@github.com", true, true),
                (#"{"email":""}"#, "", true, true),
            ] {
                let reply = try await server.request("PATCH", "/api/users/bob", token: server.rootToken, json: body)
                let user = try reply.object()
                #expect(reply.status == 200 && user["email"] as? String == email, "\(body)")
                #expect(user["admin"] as? Bool == admin && user["active"] as? Bool == active, "\(body)")
                if email.hasPrefix("octocat") { #expect(user["avatar_url"] as? String == Self.octocat) }
            }
            #expect(
                try await server.request("PATCH", "/api/users/nobody", token: server.rootToken, json: "{}").status
                    == 404)
        }
    }

    @Test func oneChangesOnlyOnesEmail() async throws {
        try await withServer(workers: false) { server in
            let token = try await server.user("bob")
            let reply = try await server.request(
                "PATCH", "/api/user", token: token, json: #"{"email":"octocat@github.com","admin":true,"login":"x"}"#)
            let user = try reply.object()
            #expect(
                reply.status == 200 && user["email"] as? String == "octocat@github.com"
                    && user["admin"] as? Bool == false)
            #expect(user["avatar_url"] as? String == Self.octocat && user["login"] as? String == "bob")
            #expect(
                try await server.request("PATCH", "/api/user", token: token).object()["email"] as? String
                    == "octocat@github.com")
            #expect(try await server.get("/api/user", token: token).text == reply.text)
        }
    }

    @Test func nobodyTakesTheirOwnRights() async throws {
        try await withServer(workers: false) { server in
            let root = server.rootToken
            for body in [#"{"admin":false}"#, #"{"active":false}"#, #"{"admin":false,"email":"x@y"}"#] {
                #expect(try await server.request("PATCH", "/api/users/ROOT", token: root, json: body).status == 403)
            }
            #expect(try await server.request("DELETE", "/api/users/root", token: root).status == 403)
            let same = try await server.request(
                "PATCH", "/api/users/root", token: root, json: #"{"admin":true,"active":true}"#)
            #expect(try same.object()["email"] as? String == "root@example.com")
            let other = try await server.user("other", admin: true)
            #expect(
                try await server.request("PATCH", "/api/users/root", token: other, json: #"{"admin":false}"#).status
                    == 200)
            #expect(try await server.get("/api/users", token: root).status == 403)
            #expect(try await server.request("DELETE", "/api/users/root", token: other).status == 204)
        }
    }

    /// Two administrators who demote each other at the same moment: one of them remains.
    @Test func anAdministratorRemains() async throws {
        try await withServer(workers: false) { server in
            let other = try await server.user("other", admin: true)
            let root = server.rootToken
            async let first = server.request("PATCH", "/api/users/other", token: root, json: #"{"admin":false}"#)
            async let second = server.request("DELETE", "/api/users/root", token: other)
            let statuses = [try await first.status, try await second.status]
            #expect(
                Set(statuses) != [200, 204] && statuses.allSatisfy { [200, 204, 401, 403, 409].contains($0) },
                "\(statuses)")
            let left = [
                try await server.get("/api/users", token: root).status,
                try await server.get("/api/users", token: other).status,
            ]
            #expect(left.filter { $0 == 200 }.count == 1, "\(left)")
        }
    }

    @Test func usersAreListedInPages() async throws {
        try await withServer(workers: false) { server in
            for login in ["Zoe", "adam", "Bea", "carl"] { _ = try await server.user(login) }
            _ = try await server.request(
                "PATCH", "/api/users/carl", token: server.rootToken, json: #"{"active":false}"#)
            func logins(_ query: String) async throws -> [String] {
                try await server.get("/api/users\(query)", token: server.rootToken).array().compactMap {
                    $0["login"] as? String
                }
            }
            #expect(try await logins("") == ["adam", "Bea", "root", "Zoe"])
            #expect(try await logins("?all=true") == ["adam", "Bea", "carl", "root", "Zoe"])
            #expect(try await logins("?all=false&after=BEA") == ["root", "Zoe"])
            let walked = try await server.pages("/api/users?all=true&limit=2").compactMap { $0["login"] as? String }
            #expect(walked == ["adam", "Bea", "carl", "root", "Zoe"])
        }
    }
}

extension TestServer {
    /// Everything of a list, a page after the other as `Link` names them.
    func pages(_ path: String, token: String? = nil) async throws -> [[String: Any]] {
        var next: String? = path
        var all: [[String: Any]] = []
        while let path = next {
            let reply = try await get(path, token: token ?? rootToken)
            all += try reply.array()
            next = try reply.nextPage()
        }
        return all
    }
}

extension TestReply {
    /// The address in `Link: <…>; rel="next"`.
    func nextPage() throws -> String? {
        guard let link = header("Link") else { return nil }
        let match = try #require(try /<([^>]+)>; rel="next"/.wholeMatch(in: link), "\(link)")
        return String(match.1)
    }
}
