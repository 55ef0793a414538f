import AgentProtocol
import Builds
import Core
import Store
import TestSupport
import Testing

@Suite struct CancelTests {
    @Test func aWaitingJobIsKilledAtOnce() async throws {
        try await withLab { lab in
            try await lab.push()
            try await lab.engine.cancelJob(try await lab.access(), build: 1, job: 1)
            let build = try await lab.build(1)
            #expect(build.build.status == .killed && build.jobs[0].status == .killed && build.jobs[0].exitCode == 137)
            #expect(try await lab.number("select count(*) from queue") == 0)
            #expect(try await lab.claim() == nil)
            #expect(try await lab.log(build: 1) == "")
        }
    }

    @Test(arguments: [false, true]) func anAgentHearsOfIt(isStarted: Bool) async throws {
        try await withLab { lab in
            try await lab.push()
            let job = isStarted ? try await lab.started() : try await lab.claimed()
            try await lab.engine.cancelJob(try await lab.access(), build: 1, job: 1)
            #expect(try await lab.build(1).jobs[0].status == (isStarted ? .running : .pending))
            #expect(try await lab.heartbeat(job).cancel)
            try await lab.finish(job, .killed)
            #expect(try await lab.build(1).build.status == .killed)
            #expect(try await lab.number("select count(*) from queue") == 0)
        }
    }

    @Test func anEndedJobIsNotCancelled() async throws {
        try await withLab { lab in
            try await lab.push()
            try await lab.finish(try await lab.started())
            let access = try await lab.access()
            await #expect(throws: Refusal.conflict("The job has ended: success.")) {
                try await lab.engine.cancelJob(access, build: 1, job: 1)
            }
            await #expect(throws: AccessError.self) { try await lab.engine.cancelJob(access, build: 1, job: 2) }
            await #expect(throws: AccessError.self) { try await lab.engine.cancelJob(access, build: 2, job: 1) }
        }
    }

    /// The jobs of a deleted repository stop, also those that are made at that moment.
    @Test func aDeletedRepositorysJobsAreKilled() async throws {
        try await withLab { lab in
            try await lab.push()
            try await lab.push()
            let running = try await lab.started()
            let access = try await lab.access()
            try await lab.engine.deleteRepo(access)
            #expect(try await lab.heartbeat(running).cancel)
            _ = try await lab.engine.forkBuild(access, number: 1, Fork())
            #expect(try await lab.claim() == nil)
            #expect(
                try await lab.text("select array_agg(status order by build_id) from jobs") == "{running,killed,killed}")
            try await lab.engine.keepHouse()
            #expect(try await lab.number("select count(*) from repositories") == 0)
            for table in ["builds", "jobs", "attempts", "queue", "leases", "log_segments", "deliveries", "key_pairs"] {
                #expect(try await lab.number("select count(*) from \(table)") == 0, "\(table)")
            }
            await #expect(throws: AttemptConflict.self) { _ = try await lab.heartbeat(running) }
        }
    }
}
