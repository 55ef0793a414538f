import AgentProtocol
import Builds
import Core
import Store
import Synchronization
import TestSupport
import Testing

@Suite struct RestartTests {
    @Test func aRestartKeepsEarlierAttempts() async throws {
        try await withLab { lab in
            try await lab.push()
            let first = try await lab.started()
            try await lab.log(first, at: 0, "first")
            try await lab.finish(first, .failure, logSize: 5)
            // The repository has moved on: the build does not care.
            lab.forge.state.withLock { $0.file = "build:\n  image: other\n  commands: [other]\n" }
            let restarted = try await lab.engine.restartBuild(try await lab.access(), number: 1)
            #expect(
                restarted.build.status == .pending && restarted.build.finishedAt == nil
                    && restarted.build.startedAt == nil)
            #expect(restarted.jobs.map(\.status) == [.pending] && restarted.jobs[0].exitCode == 0)
            #expect(try await lab.log(build: 1) == "first")
            let second = try await lab.started()
            #expect(second.attempt == 2 && second.withoutToken == first.withoutToken)
            try await lab.log(second, at: 0, "second")
            try await lab.finish(second, logSize: 6)
            #expect(try await lab.build(1).build.status == .success)
            #expect(try await lab.log(build: 1) == "second")
            #expect(try await lab.log(build: 1, attempt: 1) == "first")
            #expect(try await lab.text("select array_agg(status order by number) from attempts") == "{failure,success}")
        }
    }

    @Test func aBuildThatHasNotEndedIsNotRestarted() async throws {
        try await withLab { lab in
            try await lab.push()
            let access = try await lab.access()
            await #expect(throws: Refusal.self) { _ = try await lab.engine.restartBuild(access, number: 1) }
            let job = try await lab.started()
            await #expect(throws: Refusal.self) { _ = try await lab.engine.restartBuild(access, number: 1) }
            try await lab.finish(job)
            await #expect(throws: AccessError.self) { _ = try await lab.engine.restartBuild(access, number: 2) }
            #expect(try await lab.number("select count(*) from queue") == 0)
        }
    }

    @Test func ofManyRestartsOneDoesIt() async throws {
        try await withLab { lab in
            try await lab.push()
            try await lab.finish(try await lab.started())
            let access = try await lab.access()
            let done = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 {
                    group.addTask { (try? await lab.engine.restartBuild(access, number: 1)) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(done == 1)
            #expect(try await lab.number("select count(*) from queue") == 1)
        }
    }

    @Test func aBrokenBuildIsNotRestarted() async throws {
        try await withLab { lab in
            lab.forge.state.withLock { $0.file = "build: [" }
            try await lab.push()
            let access = try await lab.access()
            await #expect(throws: Refusal.self) { _ = try await lab.engine.restartBuild(access, number: 1) }
            #expect(try await lab.build(1).build.error != "")
        }
    }

    @Test func aKilledWaitingJobIsRestarted() async throws {
        try await withLab { lab in
            try await lab.push()
            _ = try await lab.claimed()
            #expect(try await lab.loseAgents() == 1)
            let access = try await lab.access()
            try await lab.engine.cancelJob(access, build: 1, job: 1)
            _ = try await lab.engine.restartBuild(access, number: 1)
            let job = try await lab.started()
            #expect(job.attempt == 2)
            #expect(try await !lab.heartbeat(job).cancel)
            try await lab.finish(job)
            #expect(try await lab.build(1).build.status == .success)
        }
    }

    @Test func aForkIsANewBuildAlsoWhileTheOriginalRuns() async throws {
        try await withLab { lab in
            try await lab.push(Lab.commit(5))
            let running = try await lab.started()
            lab.forge.state.withLock { $0.file = nil }
            let fork = try await lab.engine.forkBuild(
                try await lab.access(), number: 1, Fork(event: .deployment, deployTo: "production"))
            #expect(fork.build.number == 2 && fork.build.parent == 1 && fork.build.status == .pending)
            #expect(fork.build.event == .deployment && fork.build.deployTo == "production")
            #expect(fork.build.change.commit == Lab.commit(5))
            let job = try await lab.started()
            #expect(job.build == 2 && job.plan.steps.map(\.commands) == running.plan.steps.map(\.commands))
            let plain = try await lab.engine.forkBuild(try await lab.access(), number: 2, Fork())
            #expect(plain.build.event == .deployment && plain.build.deployTo == "production" && plain.build.parent == 2)
            await #expect(throws: AccessError.self) {
                _ = try await lab.engine.forkBuild(try await lab.access(), number: 9, Fork())
            }
        }
    }
}

extension ClaimedJob {
    /// The plan but for what is new each time.
    fileprivate var withoutToken: JobPlan {
        var plan = plan
        for index in plan.steps.indices { plan.steps[index].environment["CI_TOKEN"] = nil }
        return plan
    }
}
