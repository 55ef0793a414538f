import AgentProtocol
import Core
import Foundation
import TestSupport
import Testing

/// Restart, fork and cancel over the API.
@Suite struct RestartTests {
    private static let path = "/api/repos/acme/app"

    @Test func aBuildIsRestartedWhenItHasEnded() async throws {
        try await withServer { server in
            _ = try await server.builtRepo("acme/app")
            let root = server.rootToken
            let again = try await server.request("POST", "\(Self.path)/builds/1", token: root)
            let build = try again.object()
            let job = try #require((build["jobs"] as? [[String: Any]])?.first)
            #expect(again.status == 202 && build["number"] as? Int == 1 && build["status"] as? String == "pending")
            #expect(
                build["started_at"] as? Int == 0 && build["finished_at"] as? Int == 0
                    && job["status"] as? String == "pending")
            #expect(try await server.request("POST", "\(Self.path)/builds/1", token: root).status == 409)
            let agent = try await ScriptedAgent(server)
            let claimed = try await agent.start()
            #expect(claimed.attempt == 2)
            let running = try await server.request("POST", "\(Self.path)/builds/1", token: root)
            #expect(running.status == 409 && running.code == "conflict")
            try await agent.log(claimed, offset: 0, Array("second\n".utf8))
            try await agent.finish(claimed, .failure, exitCode: 3, logSize: 7)
            let ended = try await server.get("\(Self.path)/builds/1", token: root).object()
            #expect(ended["status"] as? String == "failure")
            let last = try #require((ended["jobs"] as? [[String: Any]])?.first)
            #expect(last["exit_code"] as? Int == 3 && last["attempt"] as? Int == 2)
            #expect(try await server.get("\(Self.path)/logs/1/1", token: root).text == "second\n")
            #expect(try await server.get("\(Self.path)/logs/1/1?attempt=1", token: root).text == "+ echo hi\nhi\n")
            #expect(try await server.get("\(Self.path)/logs/1/1?attempt=2", token: root).text == "second\n")
            #expect(try await server.get("\(Self.path)/logs/1/1?attempt=3", token: root).status == 404)
        }
    }

    @Test func aForkIsANewBuild() async throws {
        try await withServer { server in
            _ = try await server.builtRepo("acme/app")
            let root = server.rootToken
            let original = try await server.get("\(Self.path)/builds/1", token: root)
            for (query, event, target) in [
                ("fork=true", "push", ""), ("fork=1&event=tag", "tag", ""),
                ("fork=T&event=deployment&deploy_to=pro%20d", "deployment", "pro d"),
            ] {
                let copy = try await server.request("POST", "\(Self.path)/builds/1?\(query)", token: root)
                let build = try copy.object()
                #expect(copy.status == 202 && build["parent"] as? Int == 1 && build["status"] as? String == "pending")
                #expect(build["event"] as? String == event && build["deploy_to"] as? String == target)
                #expect(build["commit"] as? String == (try original.object()["commit"] as? String))
                #expect((build["jobs"] as? [Any])?.count == 1)
            }
            #expect(try await server.get("\(Self.path)/builds", token: root).numbers() == [4, 3, 2, 1])
            #expect(try await server.get("\(Self.path)/builds/1", token: root).text == original.text)
            #expect(try await server.request("POST", "\(Self.path)/builds/2?fork=true", token: root).status == 202)
            for query in ["fork=maybe", "fork=true&event=x"] {
                #expect(
                    try await server.request("POST", "\(Self.path)/builds/1?\(query)", token: root).status == 400,
                    "\(query)")
            }
            #expect(
                try await server.request("POST", "\(Self.path)/builds/1?fork=false&event=x", token: root).status == 202)
        }
    }

    @Test func aJobIsCancelledUntilItHasEnded() async throws {
        try await withServer { server in
            let repo = try await server.builtRepo("acme/app")
            let root = server.rootToken
            #expect(try await server.request("DELETE", "\(Self.path)/logs/1/1", token: root).status == 409)
            try await server.push(repo, "matrix:\n  A: [1, 2]\nbuild:\n  image: b\n  commands: [env]\n")
            #expect(try await server.request("DELETE", "\(Self.path)/builds/2/2", token: root).status == 204)
            let waiting = try await server.get("\(Self.path)/builds/2", token: root).object()
            let jobs = try #require(waiting["jobs"] as? [[String: Any]])
            #expect(
                jobs.map { $0["status"] as? String } == ["pending", "killed"] && jobs[1]["exit_code"] as? Int == 137)
            #expect(try await server.request("DELETE", "\(Self.path)/logs/2/2", token: root).status == 409)
            let agent = try await ScriptedAgent(server)
            let job = try await agent.start()
            #expect(job.job == 1)
            #expect(try await server.request("DELETE", "\(Self.path)/logs/2/1", token: root).status == 204)
            #expect(try await agent.heartbeat(job).text.contains("\"cancel\":true"))
            #expect(
                try await server.get("\(Self.path)/builds/2", token: root).object()["status"] as? String == "running")
            try await agent.finish(job, .killed, exitCode: 137)
            #expect(
                try await server.get("\(Self.path)/builds/2", token: root).object()["status"] as? String == "killed")
            #expect(try await server.request("DELETE", "\(Self.path)/logs/2/1", token: root).status == 409)
        }
    }

    @Test func aBrokenFileIsABuildInError() async throws {
        try await withServer { server in
            let repo = try await server.repo("acme/app")
            try await server.push(repo, "build:\n  comands: [env]\n")
            let root = server.rootToken
            let build = try await server.get("\(Self.path)/builds/1", token: root).object()
            #expect(build["status"] as? String == "error" && (build["error"] as? String)?.contains("line 2") == true)
            #expect(try await server.get("\(Self.path)/logs/1/1", token: root).text.hasPrefix("skep: .drone.yml, "))
            #expect(try await server.request("POST", "\(Self.path)/builds/1", token: root).status == 409)
            #expect(try await server.request("DELETE", "\(Self.path)/logs/1/1", token: root).status == 409)
        }
    }
}
