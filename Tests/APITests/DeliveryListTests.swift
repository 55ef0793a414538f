import Core
import Store
import TestSupport
import Testing

/// What forges sent, and handling it once more.
@Suite struct DeliveryListTests {
    private let path = "/api/repos/acme/app/deliveries"

    @Test func deliveriesAreListedAndHandledAgain() async throws {
        try await withServer { server in
            let people = try await People(server)
            let repo = try await server.repo("acme/app", files: ["README": "no file to build"])
            let head = try #require(try await server.store.refs(repoID: repo.id)["refs/heads/main"])
            for number in 1...3 {
                _ = try await server.deliver(
                    "acme/app", ref: "refs/heads/b\(number)", before: nil, after: head, id: "d-\(number)")
            }
            try await server.deliveriesAreHandled(repo)
            let page = try await server.get("\(path)?limit=2", token: people.writer)
            let newest = try page.array()
            #expect(newest.compactMap { $0["key"] as? String } == ["d-3", "d-2"])
            #expect(newest.allSatisfy { $0["outcome"] as? String == "ignored" && $0["tries"] as? Int == 1 })
            #expect(newest.first?["reason"] as? String == "there is no .drone.yml at commit \(head)")
            #expect(page.header("Link")?.contains("before=") == true)
            let id = try #require(newest.last?["id"] as? Int)
            let earlier = try await server.get("\(path)?before=\(id)", token: people.writer).array()
            #expect(earlier.first?["key"] as? String == "d-1")

            let again = try await server.request("POST", "\(path)/\(id)/redeliver", token: people.writer)
            #expect(again.status == 202)
            let new = try #require(try again.object()["delivery"] as? Int)
            try await server.deliveriesAreHandled(repo)
            let list = try await server.get("\(path)?limit=1", token: people.writer).array()
            #expect(list.first?["id"] as? Int == new)
            #expect(list.first?["reason"] as? String == "refs/heads/b2 was known to be at \(head)")
        }
    }

    @Test func whatIsNotThereOrWaitsIsNotHandledAgain() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("acme/app")
            let missing = try await server.request("POST", "\(path)/999999/redeliver", token: people.writer)
            #expect(missing.status == 404)
            let commit = String(repeating: "a", count: 40)
            let received = try await server.deliver("acme/app", before: nil, after: commit, id: "d")
            let id = try #require(try received.object()["delivery"] as? Int)
            let waiting = try await server.request("POST", "\(path)/\(id)/redeliver", token: people.writer)
            #expect(waiting.status == 409)
            _ = try await server.repo("acme/other")
            let others = "/api/repos/acme/other/deliveries/\(id)/redeliver"
            #expect(try await server.request("POST", others, token: people.writer).status == 404)
        }
    }
}

extension TestServer {
    /// The id of a delivery of the repository that made nothing.
    func handledDelivery(_ fullName: String) async throws -> String {
        let commit = String(repeating: "a", count: 40)
        let reply = try await deliver(
            fullName, before: commit, after: commit, id: "handled-\(Int.random(in: 1...Int.max))")
        let id = try #require(try reply.object()["delivery"] as? Int)
        try await eventually {
            try await count("deliveries where id = \(id) and outcome <> 'waiting'") == 1
        }
        return "\(id)"
    }
}
