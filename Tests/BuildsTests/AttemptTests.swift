import AgentProtocol
import Builds
import Core
import LogStream
import Store
import Synchronization
import TestSupport
import Testing

/// What an agent may say about an attempt, and until when.
@Suite struct AttemptTests {
    @Test func aJobGoesFromPendingToSuccess() async throws {
        try await withLab { lab in
            try await lab.push()
            let job = try await lab.claimed()
            #expect(try await lab.build(1).build.status == .pending)
            #expect(try await lab.heartbeat(job).cancel == false)
            let running = try await lab.build(1)
            #expect(running.build.status == .running && running.build.startedAt == running.jobs[0].startedAt)
            try await lab.step(job, .success)
            try await lab.log(job, at: 0, "+ echo hi\nhi\n")
            try await lab.finish(job, logSize: 13)
            let done = try await lab.build(1)
            #expect(done.build.status == .success && done.build.finishedAt == done.jobs[0].finishedAt)
            #expect(try await lab.log(build: 1) == "+ echo hi\nhi\n")
            #expect(try await lab.number("select count(*) from queue") == 0)
            #expect(try await lab.number("select count(*) from leases") == 0)
            #expect(try await lab.claim() == nil)
        }
    }

    enum Call: CaseIterable { case heartbeat, log, step, finish }

    /// The job is another's now: everything the first says of it is refused, and changes nothing.
    @Test(arguments: Call.allCases) func aLateWriterIsRefused(call: Call) async throws {
        try await withLab { lab in
            try await lab.push()
            let late = try await lab.started()
            #expect(try await lab.loseAgents() == 1)
            for isTakenAgain in [false, true] {
                if isTakenAgain { _ = try await lab.started() }
                let error = await #expect(throws: AttemptConflict.self) {
                    switch call {
                    case .heartbeat: _ = try await lab.heartbeat(late)
                    case .log: try await lab.log(late, at: 0, "late")
                    case .step: try await lab.step(late, .success)
                    case .finish: try await lab.finish(late)
                    }
                }
                #expect(error?.stale == true)
            }
            #expect(try await lab.build(1).jobs[0].status == .running)
            #expect(try await lab.text("select array_agg(status order by number) from attempts") == "{error,running}")
            #expect(try await lab.number("select count(*) from log_segments") == 0)
        }
    }

    @Test func anotherTokensAgentIsRefused() async throws {
        try await withLab { lab in
            try await lab.push()
            let job = try await lab.started()
            let hash = Array(repeating: UInt8(7), count: 32)
            try await lab.store.createAgentToken(tenantID: nil, name: "other", hash: hash)
            let other = try #require(try await lab.store.agentToken(hash: hash))
            await #expect(throws: AttemptConflict.self) {
                try await lab.engine.heartbeat(attemptID: job.attemptID, token: other)
            }
            await #expect(throws: AttemptConflict.self) {
                try await lab.engine.appendLog(
                    attemptID: job.attemptID, token: other, Segment(offset: 0, step: 1, output: Array("x".utf8)))
            }
        }
    }

    @Test func finishingTwiceChangesNothing() async throws {
        try await withLab { lab in
            try await lab.push()
            let job = try await lab.started()
            try await lab.finish(job, .failure)
            let first = try await lab.build(1)
            try await lab.finish(job, .failure)
            #expect(try await lab.build(1).jobs == first.jobs)
            let error = await #expect(throws: AttemptConflict.self) { try await lab.finish(job, .success) }
            #expect(error?.stale == true)
            #expect(try await lab.build(1).build == first.build)
        }
    }

    @Test func anEndWithoutTheWholeLogIsRefused() async throws {
        try await withLab { lab in
            try await lab.push()
            let job = try await lab.started()
            try await lab.log(job, at: 0, "12345")
            let error = await #expect(throws: AttemptConflict.self) { try await lab.finish(job, logSize: 9) }
            #expect(error?.stale == false && error?.logSize == 5)
            #expect(try await lab.build(1).build.status == .running)
            try await lab.log(job, at: 5, "6789")
            try await lab.finish(job, logSize: 9)
        }
    }

    @Test func aLogIsStoredOnceAndInOrder() async throws {
        try await withLab { lab in
            try await lab.push()
            let job = try await lab.started()
            try await lab.log(job, at: 0, "one two ")
            try await lab.log(job, at: 0, "one two ")
            try await lab.log(job, at: 4, "two three ")
            try await lab.log(job, at: 0, "one")
            let error = await #expect(throws: AttemptConflict.self) { try await lab.log(job, at: 15, "five") }
            #expect(error?.stale == false && error?.logSize == 14)
            try await lab.log(job, at: 14, "four")
            #expect(try await lab.log(build: 1) == "one two three four")
            try await lab.finish(job, logSize: 18)
        }
    }

    @Test func theSamePieceFromManyAtOnceIsStoredOnce() async throws {
        try await withLab { lab in
            try await lab.push()
            let job = try await lab.started()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for offset in 0..<10 { try await lab.log(job, at: Int64(offset) * 3, "<\(offset)>") }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await lab.log(build: 1) == (0..<10).map { "<\($0)>" }.joined())
        }
    }

    @Test(arguments: [
        Segment(offset: 0, length: 3, crc32: 0, step: 1, data: [1, 2, 3]),
        Segment(offset: 0, length: 3, crc32: 1, step: 1, data: Segment(offset: 0, step: 1, output: [1, 2, 3]).data),
        Segment(
            offset: 0, length: 4, crc32: Segment(offset: 0, step: 1, output: [1, 2, 3]).crc32, step: 1,
            data: Segment(offset: 0, step: 1, output: [1, 2, 3]).data),
    ])
    func aDamagedSegmentIsRefused(segment: Segment) async throws {
        try await withLab { lab in
            try await lab.push()
            let job = try await lab.started()
            await #expect(throws: Refusal.self) {
                try await lab.engine.appendLog(attemptID: job.attemptID, token: lab.agent, segment)
            }
            #expect(try await lab.number("select log_size from attempts") == 0)
        }
    }

    /// The jobs of one build end at the same moment: no deadlock, and the right end.
    @Test(arguments: 0..<4) func eightEndAtOnce(round: Int) async throws {
        try await withLab { lab in
            lab.forge.state.withLock {
                $0.file = "matrix:\n  A: [1, 2, 3, 4, 5, 6, 7, 8]\nbuild:\n  image: a\n  commands: [b]\n"
            }
            try await lab.push()
            let ends = [[Status.success], [.failure, .success], [.killed, .failure], [.success, .error, .killed]][round]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<8 {
                    group.addTask { try await lab.finish(try await lab.started(), ends[index % ends.count]) }
                }
                try await group.waitForAll()
            }
            let build = try await lab.build(1)
            #expect(build.build.status == Status.ofBuild(jobs: build.jobs.map(\.status)))
            #expect(build.build.status == [.success, .failure, .killed, .error][round])
            #expect(build.build.finishedAt == build.jobs.compactMap(\.finishedAt).max())
            #expect(
                try await lab.number("select deadlocks from pg_stat_database where datname = current_database()") == 0)
        }
    }
}
