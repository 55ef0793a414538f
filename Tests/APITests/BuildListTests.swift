import Core
import Foundation
import Store
import TestSupport
import Testing

/// Lists of builds, and the latest one.
@Suite struct BuildListTests {
    private static let path = "/api/repos/acme/app/builds"

    @Test func pagesGoBackToTheFirstBuild() async throws {
        try await withServer(workers: false) { server in
            let repo = try await server.repo("acme/app")
            let empty = try await server.get(Self.path, token: server.rootToken)
            #expect(empty.text == "[]" && empty.header("Link") == nil)
            try await server.load(120, into: repo, branch: "main")
            let first = try await server.get(Self.path, token: server.rootToken)
            #expect(try first.numbers() == Array((71...120).reversed()))
            #expect(try first.array().allSatisfy { ($0["jobs"] as? [Any])?.count == 1 })
            #expect(try first.nextPage() == "\(Self.path)?before=71")
            let all = try await server.pages(Self.path).compactMap { $0["number"] as? Int64 }
            #expect(all == Array((1...120).reversed()))
            let whole = try await server.get("\(Self.path)?limit=100&before=101", token: server.rootToken)
            #expect(try whole.numbers().count == 100 && whole.header("Link") == nil)
            #expect(try await server.get("\(Self.path)?before=1", token: server.rootToken).text == "[]")
            #expect(
                try await server.get("\(Self.path)?before=9223372036854775807&limit=1", token: server.rootToken)
                    .numbers() == [120])
        }
    }

    @Test func filtersLookAtFiveThousandBuildsAPage() async throws {
        try await withServer(workers: false) { server in
            let repo = try await server.repo("acme/app")
            try await server.load(3, into: repo, branch: "old & rare", status: .failure)
            try await server.load(BuildFilter.window, into: repo, branch: "main")
            try await server.load(2, into: repo, branch: "old & rare")
            let first = try await server.get("\(Self.path)?branch=old%20%26%20rare", token: server.rootToken)
            #expect(try first.numbers() == [5005, 5004])
            #expect(try first.nextPage() == "\(Self.path)?branch=old%20%26%20rare&before=6")
            let found = try await server.pages("\(Self.path)?branch=old%20%26%20rare").compactMap {
                $0["number"] as? Int64
            }
            #expect(found == [5005, 5004, 3, 2, 1])
            let nothing = try await server.get("\(Self.path)?branch=none", token: server.rootToken)
            #expect(nothing.text == "[]" && nothing.header("Link") != nil)
            #expect(try await server.pages("\(Self.path)?branch=none").isEmpty)
            let failed = try await server.pages("\(Self.path)?status=failure&event=push&limit=2")
            #expect(failed.compactMap { $0["number"] as? Int64 } == [3, 2, 1])
            #expect(try await server.pages("\(Self.path)?event=tag").isEmpty)
        }
    }

    @Test func theLatestIsTheNewestPushOfTheBranch() async throws {
        try await withServer(workers: false) { server in
            let repo = try await server.repo("acme/app")
            let path = "\(Self.path)/latest"
            #expect(try await server.get(path, token: server.rootToken).status == 404)
            try await server.load(2, into: repo, branch: "main")
            try await server.load(1, into: repo, branch: "feature/x")
            try await server.load(1, into: repo, branch: "main", status: .pending)
            #expect(try await server.get(path, token: server.rootToken).object()["number"] as? Int == 4)
            #expect(
                try await server.get("\(path)?branch=feature/x", token: server.rootToken).object()["number"] as? Int
                    == 3)
            #expect(
                try await server.get("\(path)?branch=feature%2Fx", token: server.rootToken).object()["number"] as? Int
                    == 3)
            #expect(try await server.get("\(path)?branch=none", token: server.rootToken).status == 404)
            #expect(try await server.get("\(path)?branch=", token: server.rootToken).status == 404)
        }
    }

    @Test func theListKeepsTheOrderOfJobs() async throws {
        try await withServer { server in
            let repo = try await server.repo("acme/app")
            try await server.push(repo, "matrix:\n  B: [2, 1]\n  A: [1.10, x]\nbuild:\n  image: b\n  commands: [env]\n")
            let reply = try await server.get(Self.path, token: server.rootToken)
            let jobs = try #require(try reply.array().first?["jobs"] as? [[String: Any]])
            #expect(jobs.map { $0["number"] as? Int } == [1, 2, 3, 4])
            #expect(reply.text.contains(#""environment":{"B":"2","A":"1.10"}"#))
        }
    }
}

extension TestReply {
    func numbers() throws -> [Int64] { try array().compactMap { $0["number"] as? Int64 } }
}
