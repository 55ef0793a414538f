import Builds
import Core
import Foundation
import Postgres
import Sealing
import Store
import TestSupport
import Testing

@testable import API

/// Requests that carry an `Idempotency-Key`.
@Suite struct IdempotencyTests {
    private static let user = #"{"login":"ada"}"#

    @Test func aRepeatedRequestIsAnsweredAsTheFirst() async throws {
        try await withServer { server in
            _ = try await server.builtRepo("acme/app")
            try await server.git.create("acme/new")
            for (number, (path, body, effect)) in [
                ("/api/users", Self.user, "users"), ("/api/users/bob", nil, "users"),
                ("/api/repos/acme/new", nil, "repositories"),
                ("/api/repos/acme/app/secrets", #"{"name":"A","value":"a value"}"#, "secrets"),
                ("/api/tenants/acme/secrets", #"{"name":"B","value":"a value"}"#, "secrets"),
                ("/api/tenants/acme/service-accounts", #"{"name":"bot","role":"read"}"#, "users"),
                ("/api/repos/acme/app/builds/1", nil, "attempts"),
                ("/api/repos/acme/app/builds/1?fork=true&event=tag", nil, "builds"),
                ("/api/repos/acme/app/key", nil, "key_pairs"),
                ("/api/repos/acme/app/encrypt", "A: secret\n", "key_pairs"),
            ].enumerated() {
                let key = "key-\(number)"
                let first = try await server.post(path, body, key: key)
                #expect((200..<300).contains(first.status), "\(path): \(first.text)")
                let count = try await server.count(effect)
                for key in [key, "\"\(key)\""] {
                    let again = try await server.post(path, body, key: key)
                    #expect(again.status == first.status && again.body == first.body, "\(path): \(again.text)")
                    for name in ["Content-Type", "Content-Length", "Vary", "ETag", "Cache-Control"] {
                        #expect(again.header(name) == first.header(name), "\(path) \(name)")
                    }
                    #expect(again.header("Idempotency-Replayed") == "true")
                    #expect(again.header("X-Request-Id") != first.header("X-Request-Id"))
                }
                #expect(first.header("Idempotency-Replayed") == nil)
                #expect(try await server.count(effect) == count, "\(path)")
            }
            #expect(try await server.count("idempotency_keys where committed and status is not null") == 9)
        }
    }

    @Test func anErrorOfTheClientsIsTheFirstReplyToo() async throws {
        try await withServer(workers: false) { server in
            let wrong = try await server.post("/api/users", #"{"login":"a b"}"#, key: "k1")
            #expect(wrong.status == 400)
            let again = try await server.post("/api/users", #"{"login":"a b"}"#, key: "k1")
            #expect(again.status == 400 && again.body == wrong.body)
            _ = try await server.user("ada")
            let taken = try await server.post("/api/users", Self.user, key: "k2")
            #expect(taken.status == 409)
            _ = try await server.request("DELETE", "/api/users/ada", token: server.rootToken)
            #expect(try await server.post("/api/users", Self.user, key: "k2").body == taken.body)
            #expect(try await server.post("/api/users", Self.user, key: "k3").status == 201)
        }
    }

    @Test func anErrorOfOursLeavesTheKeyFree() async throws {
        try await withServer(workers: false) { server in
            try await server.run("alter table users rename column avatar_url to moved")
            let caller = try await server.post("/api/users", Self.user, key: "k")
            #expect(caller.status == 500)
            try await server.run("alter table users rename column moved to avatar_url")
            #expect(try await server.count("idempotency_keys") == 0)
            try await server.run("alter table users add constraint nobody check (login <> 'ada')")
            #expect(try await server.post("/api/users", Self.user, key: "k").status == 500)
            #expect(try await server.count("idempotency_keys") == 0)
            try await server.run("alter table users drop constraint nobody")
            #expect(try await server.post("/api/users", Self.user, key: "k").status == 201)
        }
    }

    @Test func aKeyIsForOneRequestOfOneUser() async throws {
        try await withServer(workers: false) { server in
            let other = try await server.user("other", admin: true)
            #expect(try await server.post("/api/users", Self.user, key: "k").status == 201)
            for (path, body) in [
                ("/api/users", #"{"login":"ada" }"#), ("/api/users?x=1", Self.user), ("/api/users/ada", Self.user),
            ] {
                let reused = try await server.post(path, body, key: "k")
                #expect(reused.status == 422 && reused.code == "idempotency_key_reused", "\(path): \(reused.text)")
            }
            let theirs = try await server.request(
                "POST", "/api/users", token: other, json: Self.user, headers: ["Idempotency-Key": "k"])
            #expect(theirs.status == 409)
            let root = server.rootToken
            let byQuery = try await server.request(
                "POST", "/api/users?access_token=\(root)", json: Self.user, headers: ["Idempotency-Key": "k"])
            #expect(byQuery.status == 201)
            let nobody = try await server.request(
                "POST", "/api/users", json: Self.user, headers: ["Idempotency-Key": "k"])
            #expect(nobody.status == 401)
        }
    }

    /// A token that may less than its user sees no reply that another token of theirs got.
    @Test func aNarrowerTokenRepeatsOnlyItsOwn() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            let narrow =
                try await server.request(
                    "POST", "/api/user/tokens", token: server.rootToken,
                    json: #"{"name":"n","scopes":[{"level":"admin","repo":"acme/app"}]}"#
                ).object()["token"] as? String
            let body = #"{"name":"A","value":"a value"}"#
            #expect(try await server.post("/api/repos/acme/app/secrets", body, key: "k").status == 201)
            let theirs = try await server.request(
                "POST", "/api/repos/acme/app/secrets", token: narrow, json: body, headers: ["Idempotency-Key": "k"])
            #expect(theirs.status == 422, "\(theirs.text)")
        }
    }

    @Test(arguments: ["", "\"\"", String(repeating: "k", count: 256), "a b", "k\u{E9}", "a,\tb"])
    func aKeyHasAForm(key: String) async throws {
        try await withServer(workers: false) { server in
            let reply = try await server.post("/api/users", Self.user, key: key)
            #expect(reply.status == 400 && reply.text.contains("Idempotency-Key"), "\(reply.text)")
            #expect(
                try await server.post("/api/users", Self.user, key: String(repeating: "k", count: 255)).status == 201)
        }
    }

    /// Whoever reads the table cannot try values, and a new key of the ring does not make a request another one.
    @Test func whatIsKeptOfARequestCannotBeTried() async throws {
        try await withServer(workers: false) { server in
            #expect(try await server.post("/api/users", Self.user, key: "k").status == 201)
            let row = try await server.database.first(
                Statement(name: "test.r", sql: "select request from idempotency_keys"))
            let kept = try #require(try row?.decode([UInt8].self, at: 0))
            let identity = Idempotent<AdminContext>.identity("POST", "/api/users", Self.user.utf8)
            #expect(kept != identity && kept != Digest.sha256(identity) && kept.count == 32)
            let root = try await server.store.caller(.token(hash: Digest.sha256(server.rootToken.utf8)))
            let context = "idempotency_keys/\(root.user.id)"
            let rotated = try KeyRing(text: KeyRing.generate(id: "new") + KeyRing.generate(id: "other"))
            #expect(server.keyRing.fingerprints(of: identity, context: context) == [kept])
            #expect(!rotated.fingerprints(of: identity, context: context).contains(kept))
            #expect(Set(rotated.fingerprints(of: identity, context: context)).count == 2)
        }
    }

    @Test func repliesWithTokensAreNotKept() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.user("bob")
            for path in ["/api/user/tokens", "/api/users/bob/tokens"] {
                let first = try await server.post(path, "{}", key: "k").object()["token"] as? String
                let second = try await server.post(path, "{}", key: "k").object()["token"] as? String
                #expect(first != nil && first != second)
            }
            #expect(try await server.count("idempotency_keys") == 0)
        }
    }

    @Test func ofManyAtOnceOneDoesIt() async throws {
        try await withServer { server in
            _ = try await server.builtRepo("acme/app")
            let path = "/api/repos/acme/app/builds/1?fork=true"
            let replies = try await withThrowingTaskGroup(of: TestReply.self) { group in
                for _ in 0..<20 { group.addTask { try await server.post(path, nil, key: "k") } }
                return try await group.reduce(into: [TestReply]()) { $0.append($1) }
            }
            let done = replies.filter { $0.status == 202 }
            let busy = replies.filter { $0.status == 409 }
            #expect(!done.isEmpty && done.count + busy.count == 20, "\(replies.map(\.status))")
            #expect(Set(done.map(\.body)).count == 1)
            for reply in busy { #expect(reply.header("Retry-After") == "1") }
            #expect(try await server.count("builds") == 2)
            let later = try await server.post(path, nil, key: "k")
            #expect(later.status == 202 && later.body == done.first?.body)
        }
    }

    /// The server dies after the change is committed and before it has answered.
    @Test func aChangeIsNotMadeTwiceWhenTheServerDiesAfterIt() async throws {
        try await withServer(workers: false) { server in
            let first = try await server.post("/api/users", Self.user, key: "k")
            for keepsReply in [true, false] {
                let key = "k-\(keepsReply)"
                let login = "user-\(keepsReply)"
                let body = Self.user.replacingOccurrences(of: "ada", with: login)
                try await server.run(
                    """
                    insert into idempotency_keys (user_id, key, request, created_at)
                    select user_id, '\(key)', request, clock_timestamp() - interval '2 minutes' from idempotency_keys
                    where key = 'k'
                    """)
                let root = try await server.store.caller(.token(hash: Digest.sha256(server.rootToken.utf8)))
                let outcome = try await server.store.claimKey(
                    key, userID: root.user.id,
                    request: Idempotent<AdminContext>.identity("POST", "/api/users", body.utf8))
                guard case .first(let claim) = outcome else {
                    Issue.record("\(outcome)")
                    return
                }
                _ = try await KeyClaim.$current.withValue(claim) {
                    let new = NewUser(login: login)
                    if keepsReply {
                        _ = try await once {
                            try await server.engine.createUser(new)
                        } answer: { _ in
                            .text("kept")
                        }
                    } else {
                        _ = try await server.engine.createUser(new)
                    }
                }
                let again = try await server.post("/api/users", body, key: key)
                #expect(again.status == (keepsReply ? 200 : 409), "\(again.text)")
                #expect(again.text == "kept" || again.text.contains("was carried out"))
                #expect(try await server.count("users where login = '\(login)'") == 1)
            }
            #expect(try await server.post("/api/users", Self.user, key: "k").body == first.body)
        }
    }

    /// The server dies before the change: the next one may make it, and the first, should it still live, may not.
    @Test func aClaimThatWasGivenUpChangesNothing() async throws {
        try await withServer(workers: false) { server in
            let root = try await server.store.caller(.token(hash: Digest.sha256(server.rootToken.utf8)))
            let identity = Idempotent<AdminContext>.identity("POST", "/api/users", Self.user.utf8)
            let outcome = try await server.store.claimKey("k", userID: root.user.id, request: identity)
            guard case .first(let claim) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            let busy = try await server.post("/api/users", Self.user, key: "k")
            #expect(busy.status == 409 && busy.header("Retry-After") == "1")
            try await server.run("update idempotency_keys set created_at = created_at - interval '61 seconds'")
            #expect(try await server.post("/api/users", Self.user, key: "k").status == 201)
            await #expect(throws: ClaimLost.self) {
                try await KeyClaim.$current.withValue(claim) {
                    _ = try await server.engine.createUser(NewUser(login: "late"))
                }
            }
            #expect(try await server.count("users where login = 'late'") == 0)
        }
    }

    @Test func keysAreForgottenAfterADay() async throws {
        try await withServer(workers: false) { server in
            #expect(try await server.post("/api/users", Self.user, key: "k1").status == 201)
            #expect(try await server.post("/api/users/bob", nil, key: "k2").status == 201)
            try await server.run(
                "update idempotency_keys set created_at = created_at - interval '23 hours 59 minutes' where key = 'k1'")
            try await server.engine.keepHouse()
            #expect(try await server.count("idempotency_keys") == 2)
            #expect(try await server.post("/api/users", Self.user, key: "k1").status == 201)
            try await server.run("update idempotency_keys set created_at = created_at - interval '1 minute'")
            #expect(try await server.post("/api/users", Self.user, key: "k1").status == 409)
            try await server.run("update idempotency_keys set created_at = created_at - interval '24 hours'")
            try await server.engine.keepHouse()
            #expect(try await server.count("idempotency_keys") == 0)
        }
    }

    /// What a failed activation took back is not answered as done.
    @Test func anActivationThatWasTakenBackMayBeTriedAgain() async throws {
        try await withServer(workers: false) { server in
            try await server.git.create("acme/app")
            let hooks = server.git.path("acme/app") + "/hooks"
            try? FileManager.default.removeItem(atPath: hooks)
            try Data().write(to: URL(fileURLWithPath: hooks))
            let failed = try await server.post("/api/repos/acme/app", nil, key: "k")
            #expect(failed.status >= 400, "\(failed.text)")
            try FileManager.default.removeItem(atPath: hooks)
            let done = try await server.post("/api/repos/acme/app", nil, key: "k2")
            #expect(done.status == 200, "\(done.text)")
            let again = try await server.post("/api/repos/acme/app", nil, key: "k")
            #expect(again.status != 200)
        }
    }
}

extension TestServer {
    fileprivate func post(_ path: String, _ body: String?, key: String) async throws -> TestReply {
        try await request("POST", path, token: rootToken, json: body, headers: ["Idempotency-Key": key])
    }
}
