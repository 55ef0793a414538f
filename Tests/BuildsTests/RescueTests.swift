import AgentProtocol
import Builds
import Core
import Queue
import Store
import TestSupport
import Testing

/// Jobs whose agent was not heard of in time.
@Suite struct RescueTests {
    @Test func aLivingAgentKeepsItsJob() async throws {
        try await withLab { lab in
            try await lab.push()
            let job = try await lab.started()
            #expect(try await lab.engine.rescueJobs() == 0)
            try await lab.finish(job)
        }
    }

    @Test func aClaimThatWasNotStartedIsNoLoss() async throws {
        try await withLab { lab in
            try await lab.push()
            for _ in 0..<3 {
                _ = try await lab.claimed()
                #expect(try await lab.claim() == nil)
                #expect(try await lab.loseAgents() == 1)
                #expect(try await lab.build(1).build.status == .pending)
            }
            #expect(try await lab.number("select losses from queue") == 0)
            let job = try await lab.started()
            #expect(job.attempt == 4)
            try await lab.finish(job)
            #expect(try await lab.build(1).build.status == .success)
        }
    }

    @Test func aStartedJobIsTriedOnceMore() async throws {
        try await withLab { lab in
            try await lab.push()
            let first = try await lab.started()
            try await lab.log(first, at: 0, "+ echo hi\n")
            try await lab.step(first, .running)
            #expect(try await lab.loseAgents() == 1)
            #expect(try await lab.build(1).build.status == .pending)
            let second = try await lab.started()
            #expect(second.attempt == 2)
            try await lab.log(second, at: 0, "+ echo hi\nhi\n")
            try await lab.finish(second, logSize: 13)
            #expect(try await lab.build(1).build.status == .success)
            #expect(try await lab.text("select array_agg(status order by number) from attempts") == "{error,success}")
            #expect(try await lab.log(build: 1, attempt: 1) == "+ echo hi\n")
            #expect(try await lab.log(build: 1) == "+ echo hi\nhi\n")
            #expect(
                try await lab.number(
                    "select count(*) from steps where status in ('pending', 'running') and attempt_id = \(first.attemptID)"
                ) == 0)
        }
    }

    @Test func theSecondLossEndsTheJob() async throws {
        try await withLab { lab in
            try await lab.push()
            for attempt in 1...2 {
                let job = try await lab.started()
                try await lab.log(job, at: 0, "attempt \(attempt)\n")
                #expect(try await lab.loseAgents() == 1)
            }
            let build = try await lab.build(1)
            #expect(build.build.status == .error && build.jobs[0].status == .error && build.jobs[0].attempt == 2)
            #expect(try await lab.log(build: 1) == "attempt 2\nskep: the agent was lost, 2 times\n")
            #expect(try await lab.log(build: 1, attempt: 1) == "attempt 1\n")
            #expect(try await lab.number("select count(*) from queue") == 0)
            #expect(try await lab.claim() == nil)
        }
    }

    /// Ten servers see the same lost agent: one rescues its job.
    @Test func oneOfManyRescues() async throws {
        try await withLab { lab in
            for number in 1...5 { try await lab.push(Lab.commit(number)) }
            for _ in 1...5 { _ = try await lab.started() }
            try await lab.run("update leases set expires_at = clock_timestamp() - interval '1 second'")
            let rescued = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<10 { group.addTask { try await lab.engine.rescueJobs() } }
                return try await group.reduce(0, +)
            }
            #expect(rescued == 5)
            #expect(try await lab.number("select sum(losses)::bigint from queue") == 5)
        }
    }

    /// A server was stopped in the middle of a transaction, and its build is locked until that is undone.
    @Test(.timeLimit(.minutes(10))) func aLockedBuildHoldsNobodyUp() async throws {
        try await withLab { lab in
            for _ in 1...2 {
                try await lab.push()
                _ = try await lab.started()
            }
            try await lab.store.transaction { store, _ in
                _ = try await store.lockBuild(repoID: lab.repo.id, number: 1)
                #expect(try await lab.loseAgents() == 1)
                #expect(try await lab.build(2).build.status == .pending)
                #expect(try await lab.build(1).build.status == .running)
            }
            #expect(try await lab.engine.rescueJobs() == 1)
            #expect(try await lab.build(1).build.status == .pending)
        }
    }

    /// The database does not let one through, for whatever reason.
    @Test func aJobThatCannotBeRescuedHoldsNobodyUp() async throws {
        try await withLab { lab in
            for _ in 1...2 {
                try await lab.push()
                _ = try await lab.started()
            }
            let first = try await lab.build(1).jobs[0].id
            try await lab.run(
                "alter table jobs add constraint stuck check (id <> \(first) or status <> 'pending') not valid")
            #expect(try await lab.loseAgents() == 1)
            #expect(try await lab.build(2).build.status == .pending)
            try await lab.run("alter table jobs drop constraint stuck")
            #expect(try await lab.engine.rescueJobs() == 1)
            #expect(try await lab.build(1).build.status == .pending)
        }
    }

    @Test func aCancelledJobOfALostAgentIsKilled() async throws {
        try await withLab { lab in
            try await lab.push()
            _ = try await lab.started()
            try await lab.engine.cancelJob(try await lab.access(), build: 1, job: 1)
            #expect(try await lab.loseAgents() == 1)
            let build = try await lab.build(1)
            #expect(build.build.status == .killed && build.jobs[0].exitCode == 137)
            #expect(try await lab.log(build: 1) == "skep: cancelled; the agent was lost\n")
            #expect(try await lab.number("select count(*) from queue") == 0)
        }
    }

    /// The server was lost between the claim and the attempt, and the job was cancelled meanwhile.
    @Test func aCancelledClaimWithoutAnAttemptIsKilled() async throws {
        try await withLab { lab in
            try await lab.push()
            let claim = try #require(
                try await WorkQueue(lab.database).claim(
                    labels: #"{"os":"linux","arch":"amd64"}"#, holder: 1, tenantID: nil))
            try await lab.engine.cancelJob(try await lab.access(), build: 1, job: 1)
            #expect(try await lab.build(1).jobs[0].status == .pending)
            #expect(try await lab.loseAgents() == 1)
            #expect(try await lab.build(1).build.status == .killed)
            #expect(try await lab.number("select count(*) from queue where id = \(claim.id)") == 0)
        }
    }

    /// The server was lost after it had claimed the job and before it made the attempt: the number is used, and never ran.
    @Test func anAttemptThatNeverRanHasAnEmptyLog() async throws {
        try await withLab { lab in
            try await lab.push()
            _ = try #require(
                try await WorkQueue(lab.database).claim(
                    labels: #"{"os":"linux","arch":"amd64"}"#, holder: 1, tenantID: nil))
            #expect(try await lab.loseAgents() == 1)
            let job = try await lab.started()
            #expect(job.attempt == 2)
            try await lab.log(job, at: 0, "hi\n")
            try await lab.finish(job, logSize: 3)
            #expect(try await lab.log(build: 1, attempt: 1).isEmpty)
            #expect(try await lab.log(build: 1, attempt: 2) == "hi\n")
            await #expect(throws: AccessError.notFound("The job has no attempt 3.")) {
                try await lab.log(build: 1, attempt: 3)
            }
        }
    }

    /// A heartbeat that comes after the lease has run out, but before anybody took it, saves the job.
    @Test func aLateHeartbeatIsInTime() async throws {
        try await withLab { lab in
            try await lab.push()
            let job = try await lab.started()
            try await lab.run("update leases set expires_at = clock_timestamp() - interval '1 second'")
            _ = try await lab.heartbeat(job)
            #expect(try await lab.engine.rescueJobs() == 0)
            try await lab.finish(job)
        }
    }

    /// An agent that stops gives its job back: another has it at once, and that is no loss.
    @Test func aJobThatIsHandedBackIsNoLoss() async throws {
        try await withLab { lab in
            try await lab.push()
            for attempt in 1...3 {
                let job = try await lab.started()
                #expect(job.attempt == attempt)
                try await lab.log(job, at: 0, "some\n")
                try await lab.engine.handBack(attemptID: job.attemptID, token: lab.agent)
                await #expect(throws: AttemptConflict.self) { try await lab.heartbeat(job) }
                await #expect(throws: AttemptConflict.self) {
                    try await lab.engine.handBack(attemptID: job.attemptID, token: lab.agent)
                }
            }
            #expect(try await lab.number("select losses from queue") == 0)
            let last = try await lab.started()
            try await lab.engine.cancelJob(try await lab.access(), build: 1, job: 1)
            try await lab.engine.handBack(attemptID: last.attemptID, token: lab.agent)
            #expect(try await lab.build(1).build.status == .killed)
            #expect(try await lab.log(build: 1) == "skep: cancelled; the agent stopped\n")
            #expect(try await lab.number("select count(*) from queue") == 0)
        }
    }
}
