import Builds
import Core
import Foundation
import Sealing
import Store
import TestSupport
import Testing

/// Activation, settings and keys of repositories.
@Suite struct RepoTests {
    @Test func activationHasTheDocumentedDefaults() async throws {
        try await withServer(workers: false) { server in
            try await server.git.create("acme/app")
            let made = try await server.request("POST", "/api/repos/acme/app", token: server.rootToken)
            let repo = try made.object()
            #expect(made.status == 200 && repo["full_name"] as? String == "acme/app" && repo["scm"] as? String == "git")
            #expect(
                repo["timeout"] as? Int == 60 && repo["private"] as? Bool == true && repo["trusted"] as? Bool == false)
            #expect(repo["allow_pr"] as? Bool == true && repo["allow_push"] as? Bool == true)
            #expect(repo["allow_deploys"] as? Bool == false && repo["allow_tags"] as? Bool == false)
            #expect(try await server.get("/api/repos/acme/app", token: server.rootToken).text == made.text)
            #expect(try await server.request("POST", "/api/repos/acme/app", token: server.rootToken).status == 409)
            #expect(try await server.request("POST", "/api/repos/acme/nowhere", token: server.rootToken).status == 404)
            #expect(try await server.request("POST", "/api/repos/none:acme/app", token: server.rootToken).status == 404)
            #expect(try await server.get("/api/repos/git:acme/app", token: server.rootToken).text == made.text)
        }
    }

    @Test func absentSettingsStayAsTheyAre() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("acme/app")
            for (body, field, value) in [
                (#"{"allow_tags":true}"#, "allow_tags", true), ("{}", "allow_tags", true), ("", "allow_tags", true),
                (#"{"allow_tag":false}"#, "allow_tags", false), (#"{"allow_deploy":true}"#, "allow_deploys", true),
                (#"{"allow_deploys":false,"allow_deploy":true}"#, "allow_deploys", false),
                (#"{"allow_tags":true,"allow_tag":false}"#, "allow_tags", true),
                (#"{"allow_pr":false}"#, "allow_pr", false),
                (#"{"allow_push":false,"owner":"x","id":9}"#, "allow_push", false),
                (#"{"trusted":true}"#, "trusted", true),
                (#"{"private":false}"#, "private", false), (#"{"trusted":null}"#, "trusted", true),
            ] {
                let reply = try await server.request(
                    "PATCH", "/api/repos/acme/app", token: server.rootToken, json: body)
                #expect(reply.status == 200, "\(body): \(reply.text)")
                #expect(try reply.object()[field] as? Bool == value, "\(body)")
            }
            let end = try await server.get("/api/repos/acme/app", token: server.rootToken).object()
            #expect(
                end["allow_pr"] as? Bool == false && end["allow_tags"] as? Bool == true
                    && end["owner"] as? String == "acme")
        }
    }

    @Test func someSettingsAreForAdministrators() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("acme/app")
            for (token, body, status) in [
                (people.writer, #"{"timeout":61}"#, 403),
                (people.writer, #"{"timeout":60,"trusted":false,"private":true}"#, 200),
                (people.writer, #"{"trusted":true}"#, 403), (people.writer, #"{"private":false}"#, 403),
                (people.writer, #"{"allow_tags":true,"trusted":true}"#, 403), (people.admin, #"{"timeout":61}"#, 403),
                (people.admin, #"{"trusted":true}"#, 403), (people.admin, #"{"private":false}"#, 200),
                (people.writer, #"{"timeout":0}"#, 400), (server.rootToken, #"{"timeout":1440,"trusted":true}"#, 200),
                (server.rootToken, #"{"timeout":1441}"#, 400), (server.rootToken, #"{"timeout":1}"#, 200),
            ] {
                let reply = try await server.request("PATCH", "/api/repos/acme/app", token: token, json: body)
                #expect(reply.status == status, "\(body): \(reply.text)")
            }
            let repo = try await server.get("/api/repos/acme/app").object()
            #expect(
                repo["timeout"] as? Int == 1 && repo["trusted"] as? Bool == true && repo["allow_tags"] as? Bool == false
            )
        }
    }

    @Test func theKeyIsAnSSHKey() async throws {
        try await withServer(workers: false) { server in
            let repo = try await server.repo("acme/app")
            let reply = try await server.get("/api/repos/acme/app/key", token: server.rootToken)
            let pair = try #require(try await server.store.keyPairs(repoID: repo.id).first)
            #expect(reply.text == pair.sshPublicKey + "\n" && reply.text.hasPrefix("ssh-rsa AAAA"))
            #expect(reply.header("Content-Type") == "text/plain; charset=utf-8")
        }
    }

    @Test func encryptionIsForMappingsAndOnlySkepOpensIt() async throws {
        try await withServer(workers: false) { server in
            let repo = try await server.repo("acme/app")
            let path = "/api/repos/acme/app/encrypt"
            for yaml in ["environment:\n  PASSWORD: \"ü #1\"\n", "{}", "", "a: b"] {
                let reply = try await server.request("POST", path, token: server.rootToken, body: Array(yaml.utf8))
                #expect(
                    reply.status == 200 && reply.header("Content-Type") == "text/plain; charset=utf-8",
                    "\(yaml): \(reply.text)")
                #expect(
                    reply.text.split(separator: ".", omittingEmptySubsequences: false).count == 5
                        && !reply.text.contains("\n"))
                let opened = try JWE.decrypt(reply.text, keys: try await server.store.keyPairs(repoID: repo.id))
                #expect(opened == Array(yaml.utf8))
            }
            for (yaml, place) in [
                ("- a\n- b\n", "line 1"), ("text", "line 1"), ("a: b\nc: [d\n", "line"), ("a: b\n\tc: d\n", "line 2"),
            ] {
                let reply = try await server.request("POST", path, token: server.rootToken, body: Array(yaml.utf8))
                let message = try reply.object()["message"] as? String ?? ""
                #expect(
                    reply.status == 400 && message.contains(place) && message.contains("column"), "\(yaml): \(message)")
            }
            let invalid = try await server.request("POST", path, token: server.rootToken, body: [0xFF, 0xFE, 0x00])
            #expect(invalid.status == 400)
        }
    }

    @Test func aDeletedRepositoryIsGoneAtOnceAndErasedLater() async throws {
        try await withServer { server in
            let old = try await server.builtRepo("acme/app")
            try await server.push(old)
            let agent = try await ScriptedAgent(server)
            let running = try await agent.start()
            try await agent.log(running, offset: 0, Array("half".utf8))
            let waiting = try await server.waitingBuild("acme/app")
            let oldKey = try await server.get("/api/repos/acme/app/key", token: server.rootToken).text

            let deleted = try await server.request("DELETE", "/api/repos/acme/app", token: server.rootToken)
            #expect(deleted.status == 204 && deleted.body.isEmpty)
            for path in ["", "/builds", "/builds/1", "/logs/1/1", "/key", "/builds/\(waiting)"] {
                #expect(
                    try await server.get("/api/repos/acme/app\(path)", token: server.rootToken).status == 404, "\(path)"
                )
            }
            #expect(try await server.request("DELETE", "/api/repos/acme/app", token: server.rootToken).status == 404)
            #expect(try await agent.heartbeat(running).text.contains("\"cancel\":true"))
            #expect(try await agent.claim() == nil)
            #expect(try await agent.finish(running, .killed, exitCode: 137, logSize: 4).status == 204)

            let again = try await server.request("POST", "/api/repos/acme/app", token: server.rootToken)
            #expect(again.status == 200)
            #expect(try again.object()["id"] as? Int64 != old.id)
            #expect(try await server.get("/api/repos/acme/app/key", token: server.rootToken).text != oldKey)
            let new = Repo(try again.object(), like: old)
            #expect(try await server.push(new) == 1)

            try await server.engine.keepHouse()
            for (table, column) in [
                ("repositories", "id"), ("builds", "repo_id"), ("key_pairs", "repo_id"), ("queue", "repo_id"),
                ("deliveries", "repo_id"),
                ("delivery_keys", "repo_id"), ("build_configs", "repo_id"), ("repository_refs", "repo_id"),
            ] {
                let left = try await server.count("\(table) where \(column) = \(old.id)")
                #expect(left == 0, "\(table): \(left)")
            }
            #expect(
                try await server.count(
                    "log_segments s where not exists (select from attempts a where a.id = s.attempt_id)") == 0)
            #expect(try await server.get("/api/repos/acme/app/builds/1", token: server.rootToken).status == 200)
        }
    }

    /// Rows that wait to be erased do not go with a push to the repository that has their name now.
    @Test func aHookOfTheOldActivationIsNotTheNewOnes() async throws {
        try await withServer(workers: false) { server in
            let old = try await server.repo("acme/app")
            let secret = try #require(try await server.store.hookSecret(forge: "git", path: old.path)).secret
            _ = try await server.request("DELETE", "/api/repos/acme/app", token: server.rootToken)
            _ = try await server.request("POST", "/api/repos/acme/app", token: server.rootToken)
            let new = try #require(try await server.store.hookSecret(forge: "git", path: old.path))
            #expect(new.secret != secret && new.repoID != old.id)
        }
    }
}

extension Repo {
    /// The repository of a reply, where only its id is another.
    fileprivate init(_ reply: [String: Any], like old: Repo) {
        self = old
        id = reply["id"] as? Int64 ?? 0
    }
}
