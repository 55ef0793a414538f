import AgentProtocol
import Core
import Foundation
import TestSupport
import Testing

/// The product's main job, over HTTP, with a scripted agent.
@Suite struct WalkTests {
    @Test func pushBecomesABuildWithALog() async throws {
        try await withServer { server in
            let repo = try await server.repo("octo/hello")
            let commit = try await server.git.commit(
                [".drone.yml": "build:\n  image: busybox\n  commands: [echo hi]\n"], to: "octo/hello")
            let agent = try await ScriptedAgent(server)
            let job = try await agent.start()
            #expect(job.repo == "octo/hello" && job.build == 1 && job.clone.commit == commit)
            #expect(try await agent.log(job, offset: 0, Array("+ echo hi\nhi\n".utf8)).status == 204)
            #expect(try await agent.finish(job, logSize: 13).status == 204)
            let build = try await server.get("/api/repos/octo/hello/builds/1", token: server.rootToken).object()
            #expect(build["status"] as? String == "success")
            #expect(build["commit"] as? String == commit)
            let log = try await server.get("/api/repos/octo/hello/logs/1/1", token: server.rootToken)
            #expect(log.text == "+ echo hi\nhi\n")
            try await server.deliveriesAreHandled(repo)
        }
    }
}
