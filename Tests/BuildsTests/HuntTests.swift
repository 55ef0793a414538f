import AgentProtocol
import Builds
import Core
import Store
import Synchronization
import TestSupport
import Testing

/// Everything that changes a job, at random and at once.
@Suite struct HuntTests {
    @Test(.timeLimit(.minutes(10))) func nothingDeadlocksAndNothingIsLost() async throws {
        try await withLab { lab in
            lab.forge.state.withLock { $0.file = "matrix:\n  A: [1, 2, 3]\nbuild:\n  image: a\n  commands: [b]\n" }
            for number in 1...4 { try await lab.push(Lab.commit(number)) }
            let hunt = Hunt(lab: lab, access: try await lab.access())
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask { while hunt.goesOn(start) { try await hunt.act() } }
                }
                try await group.waitForAll()
            }
            try await expectOrder(lab)
            #expect(Set(Hunt.Act.allCases).subtracting(hunt.acts.withLock { $0 }) == [])
            #expect(
                try await lab.number("select deadlocks from pg_stat_database where datname = current_database()") == 0)
            try await runToTheEnd(lab)
        }
    }

    /// Whatever was left behind, agents can finish it.
    private func runToTheEnd(_ lab: Lab) async throws {
        _ = try await lab.loseAgents()
        while let job = try await lab.claim() {
            _ = try await lab.heartbeat(job)
            try await lab.finish(job)
        }
        try await expectOrder(lab)
        #expect(try await lab.number("select count(*) from queue") == 0)
        #expect(try await lab.number("select count(*) from jobs where finished_at is null") == 0)
        #expect(try await lab.number("select count(*) from builds where finished_at is null") == 0)
    }

    private func expectOrder(_ lab: Lab) async throws {
        for (rule, sql) in Self.violations {
            #expect(try await lab.number("select count(*) from (\(sql)) v") == 0, "\(rule)")
        }
    }

    private static let violations = [
        "a finished job is not on the queue":
            "select from jobs j join queue q using (id) where j.finished_at is not null",
        "an unfinished job is on the queue":
            "select from jobs j left join queue q using (id) where j.finished_at is null and q.id is null",
        "a lease and a leased item belong together":
            "select from queue q full join leases l using (id) where coalesce(q.leased, false) <> (l.id is not null)",
        "a lease is of the item's last claim":
            "select from queue q join leases l using (id) where q.attempt <> l.attempt",
        "a running job is leased to its attempt":
            """
        select from jobs j left join leases l on l.id = j.id and l.attempt = j.attempt
        where j.status = 'running' and l.id is null
        """,
        "only the latest attempt lives":
            """
        select from attempts a join jobs j on j.id = a.job_id
        where a.finished_at is null and (a.number <> j.attempt or j.finished_at is not null)
        """,
        "one attempt of a job lives":
            "select job_id from attempts where finished_at is null group by job_id having count(*) > 1",
        "a running job has a running attempt":
            """
        select from jobs j left join attempts a on a.job_id = j.id and a.number = j.attempt
        where j.status = 'running' and a.status is distinct from 'running'
        """,
        "a job ends as its attempt does":
            """
        select from jobs j join attempts a on a.job_id = j.id and a.number = j.attempt
        where j.status in ('success', 'failure') and a.status <> j.status
        """,
        "a build stands where its jobs do":
            """
        select from builds b
        join (
            select
                build_id,
                case
                    when bool_and(status = 'pending') then 'pending'
                    when bool_or(status in ('pending', 'running')) then 'running'
                    when bool_or(status = 'error') then 'error'
                    when bool_or(status = 'killed') then 'killed'
                    when bool_or(status = 'failure') then 'failure'
                    else 'success'
                end::run_status as status
            from jobs
            group by build_id
        ) j on j.build_id = b.id
        where j.status <> b.status
        """,
        "a log is whole":
            """
        select from attempts a
        where a.log_size <> coalesce((select sum(s.length) from log_segments s where s.attempt_id = a.id), 0)
        """,
        "no step of an ended attempt is open":
            """
        select from steps s join attempts a on a.id = s.attempt_id
        where a.finished_at is not null and s.status in ('pending', 'running')
        """,
    ]
}

/// Tasks that share what they know of claimed jobs.
private final class Hunt: Sendable {
    enum Act: CaseIterable { case claim, start, beat, log, step, finish, cancel, restart, rescue, expire, fork }

    let lab: Lab
    let access: Access
    let acts = Mutex<Set<Act>>([])
    private let jobs = Mutex<[ClaimedJob]>([])

    init(lab: Lab, access: Access) {
        self.lab = lab
        self.access = access
    }

    /// For four seconds, and until each act was done once: a slow machine takes longer.
    func goesOn(_ start: ContinuousClock.Instant) -> Bool {
        let time = ContinuousClock.now - start
        return time < .seconds(4) || time < .seconds(60) && acts.withLock { $0.count } < Act.allCases.count
    }

    /// One act. What the product refuses with its own words is no failure; what the database refuses is.
    func act() async throws {
        let act = Act.allCases.randomElement() ?? .claim
        do {
            try await perform(act)
            acts.withLock { _ = $0.insert(act) }
        } catch is AttemptConflict {
        } catch is Refusal {
        } catch is AccessError {}
    }

    private func perform(_ act: Act) async throws {
        let build = Int64.random(in: 1...4)
        switch act {
        case .claim, .start:
            guard let job = try await lab.claim() else { return }
            jobs.withLock { $0.append(job) }
            if act == .start { _ = try await lab.heartbeat(job) }
        case .beat: if let job = known() { _ = try await lab.heartbeat(job) }
        case .log: if let job = known() { try await lab.log(job, at: 0, "a line\n") }
        case .step: if let job = known() { try await lab.step(job, .running) }
        case .finish: if let job = known() { try await finish(job) }
        case .cancel: try await lab.engine.cancelJob(access, build: build, job: Int.random(in: 1...3))
        case .restart: _ = try await lab.engine.restartBuild(access, number: build)
        case .rescue: _ = try await lab.engine.rescueJobs()
        case .expire:
            let which = Int.random(in: 0...3)
            try await lab.run(
                "update leases set expires_at = clock_timestamp() - interval '1 second' where id % 4 = \(which)")
        case .fork:
            if build == 1, Bool.random(), Bool.random() {
                _ = try await lab.engine.forkBuild(access, number: 1, Fork())
            }
        }
    }

    private func finish(_ job: ClaimedJob) async throws {
        let status = [Status.success, .failure, .killed, .error].randomElement() ?? .success
        do {
            try await lab.finish(job, status)
        } catch let conflict as AttemptConflict where !conflict.stale {
            try await lab.finish(job, status, logSize: conflict.logSize)
        }
    }

    /// One of the last claimed, or any.
    private func known() -> ClaimedJob? {
        jobs.withLock { Bool.random() ? $0.suffix(12).randomElement() : $0.randomElement() }
    }
}
