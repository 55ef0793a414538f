import Builds
import Core
import Foundation
import Postgres
import Store
import Synchronization
import TestSupport
import Testing

/// Changes of builds, followed.
@Suite struct EventTests {
    private static let path = "/api/stream/acme/app"

    @Test func aBuildsLifeIsTold() async throws {
        try await withServer { server in
            let repo = try await server.repo("acme/app")
            let people = try await People(server)
            let streams = [
                try await server.stream(Self.path, token: people.reader),
                try await server.stream("/api/user/events", token: people.reader),
            ]
            try await eventually { server.openStreams == 2 }
            try await server.push(repo, "matrix:\n  A: [1, 2]\n" + TestServer.pipeline)
            let agent = try await ScriptedAgent(server)
            for _ in 0..<2 {
                let job = try await agent.start()
                try await agent.finish(job)
            }
            for index in streams.indices {
                var seen: [String] = []
                for number in 1...5 {
                    let event = try #require(try await streams[index].next())
                    #expect(event.name == "build" && event.id != nil)
                    if index == 0 { #expect(event.id == "\(number)") }
                    let data = try event.object()
                    #expect(data["repo"] as? String == "acme/app" && data["number"] as? Int == 1)
                    #expect(data["event"] as? String == "push" && data["branch"] as? String == "main")
                    #expect((data["commit"] as? String)?.count == 40)
                    let jobs = try #require(data["jobs"] as? [[String: Any]])
                    #expect(jobs.map { $0["number"] as? Int } == [1, 2])
                    let statuses = jobs.map { $0["status"] as? String ?? "" }
                    seen.append("\(data["status"] as? String ?? ""): \(statuses.joined(separator: " "))")
                }
                #expect(
                    seen == [
                        "pending: pending pending", "running: running pending", "running: success pending",
                        "running: success running", "success: success success",
                    ])
            }
        }
    }

    /// Two transactions that commit in another order than they began in: a number drawn by both would hide the first.
    @Test func whatCommitsLateIsNotMissed() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            let early = try await server.build(in: "acme/early")
            let late = try await server.build(in: "acme/late")
            let stream = try await server.stream("/api/user/events", token: people.reader)
            try await eventually { server.openStreams == 1 }
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            let (commits, commit) = AsyncStream.makeStream(of: Void.self)
            async let slow: Void = server.store.transaction { store, _ in
                try await store.makeEvent(buildID: late)
                begin.finish()
                for await _ in commits {}
            }
            for await _ in begun {}
            try await server.makeEvent(early)
            let first = try #require(try await stream.next())
            #expect(try first.object()["repo"] as? String == "acme/early")
            commit.finish()
            try await slow
            // The open stream gets it, and so does one that comes back with what the first event said.
            #expect(try await stream.next()?.object()["repo"] as? String == "acme/late")
            try await server.withAnother { peer in
                let back = try await peer.stream("/api/user/events", token: people.reader, after: first.id)
                let missed = try #require(try await back.next())
                #expect(try missed.object()["repo"] as? String == "acme/late")
                try await server.makeEvent(early)
                #expect(try await back.next()?.object()["repo"] as? String == "acme/early")
            }
        }
    }

    /// Many writers, and readers that come back all the time, each time to the other server.
    @Test(.timeLimit(.minutes(10))) func nothingIsMissedWhateverHappensAtOnce() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            var made: [Int64] = []
            for index in 0..<4 { made.append(try await server.build(in: "acme/r\(index)")) }
            let builds = made
            let each = 60
            try await server.withAnother { peer in
                let first = try await server.stream("/api/user/events", token: people.reader)
                try await eventually { server.openStreams == 1 }
                async let written: Void = server.writeEvents(of: builds, each: each)
                var seen: Set<String> = []
                var (stream, last, from) = (first, String?.none, "")
                var (turn, visits) = (0, 0)
                while seen.count < each * builds.count {
                    guard let event = try await stream.next() else { break }
                    let data = try event.object()
                    #expect(event.name == "build")
                    seen.insert("\(data["repo"] ?? "") \(data["sequence"] ?? "")")
                    if let id = event.id { last = id }
                    turn += 1
                    // Only the last of many that are told at once has an id: who always leaves before it gets no further.
                    if turn >= 9, let id = last, id != from {
                        (turn, from, visits) = (0, id, visits + 1)
                        stream = try await (visits % 2 == 0 ? server : peer).stream(
                            "/api/user/events", token: people.reader, after: last)
                    }
                }
                try await written
                #expect(seen.count == each * builds.count)
                for index in builds.indices {
                    let repo = try await peer.stream("/api/stream/acme/r\(index)", token: people.reader, after: "0")
                    for number in 1...each { #expect(try await repo.next()?.id == "\(number)") }
                }
            }
        }
    }

    @Test func whatIsNotKeptIsTold() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            let build = try await server.build(in: "acme/app")
            let own = try await server.stream("/api/user/events", token: people.reader)
            try await eventually { server.openStreams == 1 }
            try await server.makeEvent(build)
            let id = try #require(try await own.next()?.id)
            for _ in 0..<5 { try await server.makeEvent(build) }
            while try await server.store.forgetEvents(keeping: 2) > 0 {}
            #expect(try await server.count("events") == 2)
            for (after, expected) in [
                ("1", ["reset 6"]), ("3", ["reset 6"]), ("4", ["build 5", "build 6"]), ("99", ["reset 6"]),
            ] {
                let stream = try await server.stream(Self.path, token: people.reader, after: after)
                for name in expected {
                    let event = try #require(try await stream.next())
                    #expect("\(event.name) \(event.id ?? "")" == name, "\(after)")
                }
            }
            for old in [id, "1:1:/\(id.split(separator: "/")[1])", "5:1:/x", "1:2:3/\(id.split(separator: "/")[1])"] {
                let stream = try await server.stream("/api/user/events", token: people.reader, after: old)
                let event = try #require(try await stream.next())
                #expect(event.name == "reset", "\(old)")
                try await server.makeEvent(build)
                #expect(try await stream.next()?.name == "build", "\(old)")
            }
            #expect(try await server.stream("/api/user/events", token: people.reader, after: "7").status == 400)
            #expect(try await server.stream(Self.path, token: people.reader, after: "x").status == 400)
        }
    }

    @Test func otherRepositoriesAreTold() async throws {
        try await withServer(workers: false, tune: { $0.heartbeat = .milliseconds(200) }) { server in
            let people = try await People(server)
            let build = try await server.build(in: "acme/app")
            let stream = try await server.stream("/api/user/events", token: people.outsider)
            var back = try await server.stream("/api/user/events", token: people.reader)
            try await eventually { server.openStreams == 2 }
            try await server.makeEvent(build)
            let id = try await back.next()?.id
            // The outsider gets nothing of it, and becomes a member.
            try await people.put("outsider", "read")
            #expect(try await stream.next()?.name == "reset")
            try await server.makeEvent(build)
            #expect(try await stream.next()?.name == "build")
            _ = try await server.repo("acme/another")
            back = try await server.stream("/api/user/events", token: people.reader, after: id)
            #expect(try await back.next()?.name == "reset")
        }
    }

    @Test func everyStepIsInTheBuild() async throws {
        try await withServer { server in
            let repo = try await server.repo("acme/app")
            try await server.push(
                repo,
                "steps:\n  - name: test\n    image: busybox\n    commands: [a]\n  - name: ship\n    image: b\n    commands: [b]\n"
            )
            let path = "/api/repos/acme/app/builds/1"
            func steps() async throws -> [String] {
                let build = try await server.get(path, token: server.rootToken).object()
                let jobs = try #require(build["jobs"] as? [[String: Any]])
                return try #require(jobs.first?["steps"] as? [[String: Any]]).map {
                    "\($0["number"] ?? "") \($0["name"] ?? "") \($0["image"] ?? "") \($0["status"] ?? "") \($0["exit_code"] ?? "")"
                }
            }
            #expect(try await steps() == [])
            let agent = try await ScriptedAgent(server)
            let job = try await agent.start()
            try await agent.step(job, 0, .success)
            try await agent.step(job, 1, .failure, exitCode: 3)
            #expect(
                try await steps() == ["0 clone  success 0", "1 test busybox failure 3", "2 ship b pending 0"])
            try await agent.finish(job, .failure, exitCode: 3)
            #expect(try await steps().last == "2 ship b skipped 0")
            let latest = try await server.get("/api/repos/acme/app/builds/latest", token: server.rootToken)
            #expect(
                latest.text.contains(
                    #""steps":[{"number":0,"name":"clone","status":"success","exit_code":0,"started_at":"#))
            _ = try await server.request("POST", path, token: server.rootToken)
            #expect(try await steps() == [])
        }
    }
}

extension TestServer {
    /// A repository with a build that nobody runs: its id.
    fileprivate func build(in fullName: String) async throws -> Int64 {
        let repo = try await repo(fullName)
        try await load(1, into: repo, branch: "main", status: .pending)
        let row = try await database.first(
            Statement(name: "test: build", sql: "select id from builds where repo_id = $1"), [.int(repo.id)])
        return try #require(row).decode(at: 0)
    }

    fileprivate func makeEvent(_ build: Int64) async throws {
        try await store.transaction { store, _ in try await store.makeEvent(buildID: build) }
    }

    /// Makes events of each build, in transactions of different lengths.
    fileprivate func writeEvents(of builds: [Int64], each: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for build in builds {
                group.addTask {
                    for _ in 1...each {
                        try await store.transaction { store, _ in
                            try await store.makeEvent(buildID: build)
                            for _ in 0..<Int.random(in: 0...3) { _ = try await store.newestMigration() }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
