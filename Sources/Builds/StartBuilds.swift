import Core
import LogStream
import Pipeline
import Postgres
import Sealing
import Store

extension Engine {
    /// In a transaction: makes the builds of a repository's deliveries, and answers what became of each. The events of the builds
    /// are the caller's to make.
    func start(
        _ batch: [(WaitingDelivery, PreparedDelivery)], _ repo: Repo, _ store: Store, _ session: any Session
    ) async throws -> (outcomes: [DeliveryOutcome], builds: [Build]) {
        var moves = try await RefMoves(of: batch.flatMap(\.1.movedRefs), repo, forges, store)
        var drafts: [DeliveryDraft] = []
        var wanted: [WantedBuild] = []
        for (delivery, prepared) in batch {
            var draft = DeliveryDraft()
            switch prepared {
            case .ignored(let reason): draft.end = .ignored(reason: reason)
            case .failed(let reason): draft.end = .failed(reason: reason)
            case .repository(let change): draft.end = try await follow(change, repo, store)
            case .refs(let changes):
                for change in changes {
                    if let reason = moves.reasonToPass(change.ref) {
                        draft.reasons.append(reason)
                        continue
                    }
                    switch change.plan {
                    case .none(let reason): draft.reasons.append(reason)
                    case .cancel(let event, let reason):
                        let numbers = try await cancelBuilds(
                            of: change.ref.ref, event, repo, because: reason, store, session)
                        let list = numbers.map { "\($0)" }.joined(separator: ", ")
                        draft.reasons.append(numbers.isEmpty ? reason : "\(reason); cancelled: \(list)")
                    case .build(let source):
                        draft.builds.append(wanted.count)
                        wanted.append(WantedBuild(source: source, deliveryID: delivery.id))
                    }
                }
            }
            drafts.append(draft)
        }
        try await moves.write(to: store)
        let builds = try await startBuilds(wanted, repo, store, session).map(\.build)
        return (drafts.map { $0.outcome(builds) }, builds)
    }

    /// As `startBuilds`, one.
    func startBuild(
        _ source: BuildSource, _ repo: Repo, deliveryID: Int64?, _ store: Store, _ session: any Session
    ) async throws -> BuildWithJobs {
        try await startBuilds([WantedBuild(source: source, deliveryID: deliveryID)], repo, store, session)[0]
    }

    /// In a transaction: makes builds with their jobs, in order, and puts those on the queue unless the build has to be approved. A
    /// file that is wrong makes a build in `error` whose one job says why in its log.
    ///
    /// The caller makes the events, as the last thing of the transaction: see `Store.makeEvent`.
    func startBuilds(
        _ wanted: [WantedBuild], _ repo: Repo, _ store: Store, _ session: any Session
    ) async throws -> [BuildWithJobs] {
        let plans = wanted.map { want in Result { () throws(ConfigurationError) in try cells(of: want.source, repo) } }
        let builds = try await createBuilds(wanted, plans, repo, store)
        let jobs = try await createJobs(plans, builds, store)
        try await enqueue(
            builds.filter { $0.approval != .required && $0.error.isEmpty }.flatMap { jobs[$0.id] ?? [] }, of: repo,
            session)
        for build in builds where !build.error.isEmpty {
            for job in jobs[build.id] ?? [] { try await tell(build.error, in: job.job, store) }
        }
        for (want, build) in zip(wanted, builds)
        where build.error.isEmpty && repo.scheduling.cancels(build.event) && want.source.parent == nil {
            try await supersede(before: build, of: repo, store, session)
        }
        return builds.map { BuildWithJobs(build: $0, jobs: (jobs[$0.id] ?? []).map(\.job)) }
    }

    private typealias Plans = [Result<[Cell], ConfigurationError>]

    private func createBuilds(
        _ wanted: [WantedBuild], _ plans: Plans, _ repo: Repo, _ store: Store
    ) async throws -> [Build] {
        var configs: [[UInt8]: Int64] = [:]
        var new: [NewBuild] = []
        for (want, plan) in zip(wanted, plans) {
            let source = want.source
            let hash = Digest.sha256(source.config)
            let configID =
                if let known = configs[hash] {
                    known
                } else {
                    try await store.putConfig(repoID: repo.id, hash: hash, content: source.config)
                }
            configs[hash] = configID
            var build = NewBuild(
                event: source.event, change: source.change, deployTo: source.deployTo, parent: source.parent,
                configID: configID, deliveryID: want.deliveryID, fromFork: source.fromFork,
                deployment: source.deployment, sealed: source.sealed, changedPaths: source.changedPaths)
            switch plan {
            case .success:
                build.approval = Self.approval(of: source, repo)
                build.approvalBy = build.approval == .approved ? source.approver ?? "" : ""
            case .failure(let error): build.error = ".drone.yml, \(error)"
            }
            new.append(build)
        }
        return try await store.createBuilds(new, repoID: repo.id)
    }

    /// Answers them by the ids of their builds.
    private func createJobs(_ plans: Plans, _ builds: [Build], _ store: Store) async throws -> [Int64: [JobToQueue]] {
        var classes: [[String: String]: Int64] = [:]
        var new: [NewJob] = []
        for (plan, build) in zip(plans, builds) {
            let cells = (try? plan.get()) ?? [Cell(environment: [:], labels: [:], group: nil)]
            for (index, cell) in cells.enumerated() {
                let classID =
                    if let known = classes[cell.labels] { known } else { try await store.labelClass(cell.labels) }
                classes[cell.labels] = classID
                new.append(
                    NewJob(
                        buildID: build.id, number: index + 1, environment: cell.environment, classID: classID,
                        group: cell.group, error: build.error))
            }
        }
        let asked = Dictionary(grouping: new, by: \.buildID)
        return Dictionary(
            uniqueKeysWithValues: try await store.createJobs(new).map { id, jobs in
                (id, zip(jobs, asked[id] ?? []).map { JobToQueue(job: $0, classID: $1.classID, group: $1.group) })
            })
    }

    /// In the log of a job that will never run.
    private func tell(_ error: String, in job: Job, _ store: Store) async throws {
        guard try await store.beginFailedAttempt(jobID: job.id) else { return }
        let attempt = try await store.createFinishedAttempt(jobID: job.id, number: 1, status: .error, error: error)
        try await store.append(Segment.said(error, at: attempt), toEnded: attempt)
    }

    private static func approval(of source: BuildSource, _ repo: Repo) -> Approval {
        guard repo.approval.applies(to: source.event, fromFork: source.fromFork) else { return .none }
        return source.approver == nil ? .required : .approved
    }

    private struct Cell {
        var environment: Variables
        var labels: [String: String]
        var group: ConcurrencyGroup?
    }

    /// The jobs of the file, each tried out: what cannot be planned is found now and not when an agent has it.
    private func cells(of source: BuildSource, _ repo: Repo) throws(ConfigurationError) -> [Cell] {
        let configuration = try files.configuration(source.config)
        var cells: [Cell] = []
        for cell in configuration.matrix {
            let context = PlanContext(
                repo: repo, build: source.preview, job: cells.count + 1, buildURL: "", serverURL: "", systemVersion: "",
                changedPaths: source.changedPaths)
            _ = try configuration.plan(for: cell.environment, in: context)
            cells.append(
                Cell(
                    environment: cell.environment, labels: configuration.labels(for: cell.environment),
                    group: configuration.concurrency))
        }
        return cells
    }
}

/// A build to make, and the delivery that asks for it. nil: somebody does.
struct WantedBuild: Sendable {
    var source: BuildSource
    var deliveryID: Int64?
}

/// What is to become of a delivery.
private struct DeliveryDraft {
    /// nil: it depends on the builds.
    var end: DeliveryOutcome?
    var reasons: [String] = []
    /// Places among all builds of the batch.
    var builds: [Int] = []

    func outcome(_ all: [Build]) -> DeliveryOutcome {
        if let end { return end }
        return builds.isEmpty
            ? .ignored(reason: reasons.joined(separator: "; ")) : .built(builds.map { all[$0].number })
    }
}

extension Segment {
    /// What Skep itself has to say in a job's log: one line at its end.
    static func said(_ text: String, at attempt: EndedAttempt) -> Segment {
        let line = "skep: " + text.split(whereSeparator: \.isNewline).joined(separator: " ") + "\n"
        return Segment(offset: attempt.logSize, step: attempt.lastStep, output: Array(line.utf8))
    }
}

extension BuildSource {
    /// The build before it has a number, to try its plan out.
    fileprivate var preview: Build {
        Build(
            id: 0, number: 1, event: event, status: .pending, createdAt: change.timestamp, enqueuedAt: change.timestamp,
            startedAt: nil, finishedAt: nil, deployTo: deployTo, change: change, parent: parent, error: "",
            fromFork: fromFork)
    }
}
