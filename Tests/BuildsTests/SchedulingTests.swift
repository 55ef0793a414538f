import AgentProtocol
import Builds
import Core
import Queue
import Store
import Synchronization
import TestSupport
import Testing

/// Limits, groups, priorities, and builds that make earlier ones superfluous.
@Suite struct SchedulingTests {
    private func file(_ lab: Lab, _ text: String) {
        lab.forge.state.withLock { $0.file = text }
    }

    @Test func aGroupsJobsRunOneByOne() async throws {
        try await withLab { lab in
            file(lab, "concurrency: deploy\nbuild: {image: a, commands: [x]}\nmatrix: {N: [1, 2, 3]}\n")
            #expect(try await lab.claim() == nil)
            try await lab.push()
            try await lab.engine.admitHeldJobs()
            for job in 1...3 {
                let claimed = try await lab.started()
                #expect(claimed.job == job)
                #expect(try await lab.claim() == nil)
                let entries = try await lab.store.queue(of: lab.root, after: 0, limit: 10)
                #expect(entries.filter { $0.hold == .group }.count == 3 - job)
                try await lab.finish(claimed)
                try await lab.engine.admitHeldJobs()
            }
            // The group is stored with the job: a restart keeps to it.
            _ = try await lab.engine.restartBuild(try await lab.access(), number: 1)
            try await lab.engine.admitHeldJobs()
            _ = try await lab.started()
            #expect(try await lab.claim() == nil)
        }
    }

    @Test(arguments: ["concurrency: {limit: 0}", "concurrency: {limit: many}", "concurrency: []"])
    func aWrongGroupIsABrokenFile(line: String) async throws {
        try await withLab { lab in
            file(lab, "\(line)\nbuild: {image: a, commands: [x]}\n")
            try await lab.push()
            let build = try await lab.build(1).build
            #expect(build.status == .error && build.error.contains("line 1"))
        }
    }

    @Test func aChangedLimitCountsAtOnce() async throws {
        try await withLab { lab in
            try await lab.push()
            try await lab.push()
            var change = TenantChange()
            change.maximumRunning = 1
            _ = try await lab.engine.changeTenant(try #require(TenantName("octo")), change, by: lab.root)
            #expect(try await lab.claim() == nil)
            try await lab.engine.admitHeldJobs()
            // No agent was heard of but the one that just asked.
            let first = try await lab.started()
            #expect(try await lab.claim() == nil)
            change.maximumRunning = 0
            _ = try await lab.engine.changeTenant(try #require(TenantName("octo")), change, by: lab.root)
            try await lab.engine.admitHeldJobs()
            _ = try await lab.started()
            try await lab.finish(first)
        }
    }

    @Test func aHigherPriorityGoesFirst() async throws {
        try await withLab { lab in
            try await lab.push()
            var change = RepoChange()
            change.priority = 5
            _ = try await lab.engine.changeRepo(try await lab.access(), change)
            try await lab.push()
            #expect(try await lab.claimed().build == 2)
            #expect(try await lab.claimed().build == 1)
            change.priority = 11
            await #expect(throws: Refusal.self) {
                try await lab.engine.changeRepo(try await lab.access(), change)
            }
        }
    }

    @Test func aNewerPushSupersedesWhatWaitsAndRuns() async throws {
        try await withLab { lab in
            file(lab, "build: {image: a, commands: [x]}\nmatrix: {N: [1, 2]}\n")
            try await lab.push()
            let running = try await lab.started()
            try await lab.push()
            // Off by default.
            #expect(try await lab.heartbeat(running).cancel == false)
            var change = RepoChange()
            change.cancelPushes = true
            _ = try await lab.engine.changeRepo(try await lab.access(), change)
            try await lab.push()
            #expect(try await lab.heartbeat(running).cancel)
            try await lab.finish(running, .killed)
            #expect(try await lab.build(1).build.status == .killed)
            let second = try await lab.build(2)
            #expect(second.build.status == .killed && second.jobs[0].error == "superseded by build 3")
            #expect(try await lab.build(3).build.status == .pending)
            #expect(try await lab.number("select count(*) from queue") == 2)
        }
    }

    @Test func theQueueSaysWhatJobsWaitFor() async throws {
        try await withLab { lab in
            file(lab, "labels: {arch: arm64}\nbuild: {image: a, commands: [x]}\n")
            try await lab.push()
            _ = try await lab.claim()
            let entry = try #require(try await lab.store.queue(of: lab.root, after: 0, limit: 10).first)
            #expect(entry.hasAgent == nil && entry.labels["arch"] == "arm64" && !entry.isRunning)
            file(lab, "build: {image: a, commands: [x]}\n")
            try await lab.push()
            let waiting = try #require(try await lab.store.queue(of: lab.root, after: entry.id, limit: 10).first)
            #expect(waiting.hasAgent == true)
            _ = try await lab.started()
            let running = try #require(try await lab.store.queue(of: lab.root, after: entry.id, limit: 10).first)
            #expect(running.isRunning && running.agent == "one")
        }
    }

    @Test func pausedAgentsAreStoredAndForgottenOnesComeBack() async throws {
        try await withLab { lab in
            _ = try await lab.claim()
            let agent = try #require(try await lab.store.agents(of: lab.root, after: 0, limit: 10).first)
            #expect(agent.name == "one" && agent.isOnline && !agent.isPaused && agent.labels["os"] == "linux")
            #expect(try await lab.engine.setPaused(agent.id, true, by: lab.root).isPaused)
            try await lab.push()
            #expect(try await lab.claim() == nil)
            #expect(try await lab.store.agent(id: agent.id, of: lab.root)?.isPaused == true)
            _ = try await lab.engine.setPaused(agent.id, false, by: lab.root)
            _ = try await lab.started()
            #expect(try await lab.store.agent(id: agent.id, of: lab.root)?.running == 1)
            try await lab.engine.deleteAgent(agent.id, by: lab.root)
            await #expect(throws: AccessError.self) { try await lab.engine.agent(agent.id, for: lab.root) }
            _ = try await lab.claim()
            #expect(try await lab.store.agents(of: lab.root, after: 0, limit: 10).count == 1)
        }
    }
}
