import Foundation
import TestSupport
import Testing

/// Builds that wait for somebody's word, over the API.
@Suite struct ApprovalTests {
    private static let path = "/api/repos/acme/app"

    private func held(_ server: TestServer) async throws -> String {
        let number = try await server.waitingBuild("acme/app")
        try await server.holdBack("acme/app", "\(number)")
        return "\(Self.path)/builds/\(number)"
    }

    @Test func anApprovedBuildRuns() async throws {
        try await withServer { server in
            _ = try await server.builtRepo("acme/app")
            let people = try await People(server)
            let build = try await held(server)
            let waiting = try await server.get(build, token: people.reader).object()
            #expect(waiting["status"] as? String == "pending" && waiting["approval"] as? String == "required")
            #expect(waiting["approval_by"] as? String == "")
            for (method, path) in [("POST", build), ("POST", build + "?fork=true"), ("DELETE", build + "/1")] {
                let refused = try await server.request(method, path, token: people.admin)
                #expect(refused.status == 409 && refused.text.contains("waits for approval"), "\(refused.text)")
            }
            let approved = try await server.request("POST", "\(build)/approve", token: people.writer)
            let object = try approved.object()
            #expect(approved.status == 202 && object["status"] as? String == "pending")
            #expect(object["approval"] as? String == "approved" && object["approval_by"] as? String == "writer")
            for act in ["approve", "decline"] {
                let again = try await server.request("POST", "\(build)/\(act)", token: people.admin)
                #expect(again.status == 409 && again.text.contains("was approved by writer"), "\(again.text)")
            }
            let agent = try await ScriptedAgent(server)
            let job = try await agent.start()
            #expect(try await agent.finish(job, logSize: 0).status == 204)
            #expect(try await server.get(build, token: people.reader).object()["status"] as? String == "success")
            #expect(try await server.request("POST", build, token: people.writer).status == 202)
        }
    }

    @Test func aDeclinedBuildNeverRuns() async throws {
        try await withServer { server in
            _ = try await server.builtRepo("acme/app")
            let people = try await People(server)
            let build = try await held(server)
            let declined = try await server.request("POST", "\(build)/decline", token: people.writer)
            let object = try declined.object()
            #expect(declined.status == 202 && object["status"] as? String == "killed")
            #expect(object["error"] as? String == "declined by writer" && object["approval"] as? String == "declined")
            let job = try #require((object["jobs"] as? [[String: Any]])?.first)
            #expect(job["status"] as? String == "killed" && job["error"] as? String == "declined by writer")
            #expect(object["finished_at"] as? Int != 0)
            for path in ["\(build)/approve", "\(build)/decline", build, build + "?fork=true"] {
                let refused = try await server.request("POST", path, token: people.admin)
                #expect(
                    refused.status == 409 && refused.text.contains("declined by writer"), "\(path): \(refused.text)")
            }
            let missing = try await server.request("POST", "\(Self.path)/builds/99/approve", token: people.writer)
            #expect(missing.status == 404)
            let running = try await server.request("POST", "\(Self.path)/builds/1/approve", token: people.writer)
            #expect(running.status == 409 && running.text.contains("does not wait"))
        }
    }

    @Test func theRuleIsForAdministratorsOfTheRepository() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("acme/app")
            #expect(try await server.get(Self.path, token: people.reader).object()["approval"] as? String == "forks")
            for (token, rule, status) in [
                (people.writer, "none", 403), (people.writer, "forks", 200), (people.admin, "always", 400),
                (people.admin, "unknown", 400), (people.admin, "pull_requests", 200), (people.admin, "none", 200),
            ] {
                let reply = try await server.request(
                    "PATCH", Self.path, token: token, json: #"{"approval":"\#(rule)"}"#)
                #expect(reply.status == status, "\(rule): \(reply.text)")
                if status == 200 { #expect(try reply.object()["approval"] as? String == rule) }
            }
        }
    }
}
