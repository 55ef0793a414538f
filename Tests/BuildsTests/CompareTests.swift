import Builds
import Core
import Foundation
import Store
import TestSupport
import Testing

/// Pushes that nobody told of, on real repositories.
@Suite struct CompareTests {
    private let file = "build:\n  image: busybox\n  commands: [echo hi]\n"

    @Test func aPushWhileNobodyListenedIsBuiltOnce() async throws {
        try await withServer { server in
            let repo = try await server.repo("octo/hello", files: [".drone.yml": file])
            let before = try await server.store.refs(repoID: repo.id)["refs/heads/main"]
            let hook = server.git.path("octo/hello") + "/hooks/post-receive"
            try FileManager.default.moveItem(atPath: hook, toPath: hook + ".away")
            let commit = try await server.git.commit(["a": "1"], to: "octo/hello")
            #expect(try await numbers(server).isEmpty)

            try await server.engine.compareRefs()
            try await server.engine.compareRefs()
            try await eventually { try await numbers(server) == [1] }
            // The hook's own delivery comes late.
            #expect(try await server.deliver("octo/hello", before: before, after: commit, id: "late").status == 202)
            try await server.deliveriesAreHandled(repo)
            #expect(try await numbers(server) == [1])

            try FileManager.default.moveItem(atPath: hook + ".away", toPath: hook)
            try await server.git.commit(["a": "2"], to: "octo/hello")
            try await eventually { try await numbers(server) == [2, 1] }
            try await server.engine.compareRefs()
            try await server.deliveriesAreHandled(repo)
            #expect(try await numbers(server) == [2, 1])
        }
    }

    /// A branch that went away while nobody listened may come back at the same commit.
    @Test func aDeletedBranchIsNoticed() async throws {
        try await withServer { server in
            let repo = try await server.repo("octo/hello", files: [".drone.yml": file])
            try await server.git.commit(["a": "1"], to: "octo/hello", branch: "next")
            try await eventually { try await numbers(server) == [1] }
            try await server.deliveriesAreHandled(repo)
            let hook = server.git.path("octo/hello") + "/hooks/post-receive"
            try FileManager.default.moveItem(atPath: hook, toPath: hook + ".away")
            try await server.git.push("octo/hello", ":next")
            try await server.engine.compareRefs()
            try await server.deliveriesAreHandled(repo)
            let refs = try await server.store.refs(repoID: repo.id)
            #expect(refs["refs/heads/next"] == nil)
            try FileManager.default.moveItem(atPath: hook + ".away", toPath: hook)
            try await server.git.push("octo/hello", "next")
            try await eventually { try await numbers(server) == [2, 1] }
        }
    }

    /// Two pushes that no server took wait in the spool, which somebody else is delivering: the second is not built before
    /// the first, which would have it built once more after it.
    @Test func pushesInTheSpoolAreNotOvertaken() async throws {
        try await withServer(workers: false) { server in
            _ = try await server.repo("octo/hello", files: [".drone.yml": file])
            let configuration = server.git.path("octo/hello") + "/skep/hook.json"
            let text = try String(contentsOfFile: configuration, encoding: .utf8)
            try text.replacingOccurrences(of: server.url, with: "http://127.0.0.1:1").write(
                toFile: configuration, atomically: true, encoding: .utf8)
            for number in 1...2 { try await server.git.commit(["a": "\(number)"], to: "octo/hello") }
            #expect(try await !server.engine.compareRefs())
            #expect(try await !server.engine.handleNextDeliveries())
            try await server.engine.drainSpools()
            #expect(try await !server.engine.compareRefs())
            while try await server.engine.handleNextDeliveries() {}
            #expect(try await server.engine.compareRefs())
            #expect(try await !server.engine.handleNextDeliveries())
            #expect(try await numbers(server) == [2, 1])
        }
    }

    private func numbers(_ server: TestServer) async throws -> [Int] {
        try await server.get("/api/repos/octo/hello/builds", token: server.rootToken).array().compactMap {
            $0["number"] as? Int
        }
    }
}
