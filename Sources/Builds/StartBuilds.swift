import Core
import LogStream
import Pipeline
import Postgres
import Sealing
import Store

extension Engine {
    /// In a transaction: makes the builds of a delivery, and answers what became of it. Their events are the caller's to make.
    func start(
        _ prepared: PreparedDelivery, _ repo: Repo, _ delivery: WaitingDelivery, _ store: Store, _ session: any Session
    ) async throws -> (outcome: DeliveryOutcome, builds: [Build]) {
        switch prepared {
        case .ignored(let reason): return (.ignored(reason: reason), [])
        case .failed(let reason): return (.failed(reason: reason), [])
        case .refs(let changes): return try await start(changes, repo, delivery, store, session)
        case .repository(let change): return (try await follow(change, repo, store), [])
        }
    }

    private func start(
        _ changes: [PreparedChange], _ repo: Repo, _ delivery: WaitingDelivery, _ store: Store, _ session: any Session
    ) async throws -> (outcome: DeliveryOutcome, builds: [Build]) {
        var builds: [Build] = []
        var reasons: [String] = []
        for change in changes {
            if try await wasSeen(change.ref, repo, store) {
                reasons.append("\(change.ref.ref) was known to be at \(change.ref.after ?? "nothing")")
                continue
            }
            switch change.plan {
            case .none(let reason): reasons.append(reason)
            case .cancel(let event, let reason):
                let numbers = try await cancelBuilds(of: change.ref.ref, event, repo, because: reason, store, session)
                let list = numbers.map { "\($0)" }.joined(separator: ", ")
                reasons.append(numbers.isEmpty ? reason : "\(reason); cancelled: \(list)")
            case .build(let source):
                builds.append(try await startBuild(source, repo, deliveryID: delivery.id, store, session).build)
            }
        }
        let ignored = DeliveryOutcome.ignored(reason: reasons.joined(separator: "; "))
        return (builds.isEmpty ? ignored : .built(builds.map(\.number)), builds)
    }

    /// A push may come twice, by the hook and by the comparison of refs at start-up: it is built once.
    private func wasSeen(_ change: RefChange, _ repo: Repo, _ store: Store) async throws -> Bool {
        guard try forges.with(id: repo.forgeID).kind == "git" else { return false }
        guard try await store.ref(repoID: repo.id, change.ref) != change.after else { return true }
        try await store.setRef(repoID: repo.id, change.ref, to: change.after)
        return false
    }

    /// In a transaction: makes one build with its jobs, and puts those on the queue unless the build has to be approved. A
    /// file that is wrong makes a build in `error` whose one job says why in its log.
    ///
    /// The caller makes the event, as the last thing of the transaction: see `Store.makeEvent`.
    func startBuild(
        _ source: BuildSource, _ repo: Repo, deliveryID: Int64?, _ store: Store, _ session: any Session
    ) async throws -> BuildWithJobs {
        let cells: [Cell]
        do {
            cells = try self.cells(of: source, repo)
        } catch {
            return try await startBrokenBuild(source, repo, deliveryID: deliveryID, error, store)
        }
        let approval = Self.approval(of: source, repo)
        let build = try await createBuild(
            source, repo, deliveryID: deliveryID, approval: approval, error: "", store)
        var jobs: [JobToQueue] = []
        for (index, cell) in cells.enumerated() {
            let classID = try await store.labelClass(cell.labels)
            let job = try await store.createJob(
                buildID: build.id, number: index + 1, environment: cell.environment, classID: classID,
                group: cell.group)
            jobs.append(JobToQueue(job: job, classID: classID, group: cell.group))
        }
        if approval != .required { try await enqueue(jobs, of: repo, session) }
        if repo.scheduling.cancels(build.event), source.parent == nil {
            try await supersede(before: build, of: repo, store, session)
        }
        return BuildWithJobs(build: build, jobs: jobs.map(\.job))
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

    private func startBrokenBuild(
        _ source: BuildSource, _ repo: Repo, deliveryID: Int64?, _ cause: ConfigurationError, _ store: Store
    ) async throws -> BuildWithJobs {
        let error = ".drone.yml, \(cause)"
        let build = try await createBuild(
            source, repo, deliveryID: deliveryID, approval: .none, error: error, store)
        let job = try await store.createJob(
            buildID: build.id, number: 1, environment: [:], classID: try await store.labelClass([:]), error: error)
        if try await store.beginFailedAttempt(jobID: job.id) {
            let attempt = try await store.createFinishedAttempt(jobID: job.id, number: 1, status: .error, error: error)
            try await store.append(Segment.said(error, at: attempt), toEnded: attempt)
        }
        return BuildWithJobs(build: build, jobs: [job])
    }

    private func createBuild(
        _ source: BuildSource, _ repo: Repo, deliveryID: Int64?, approval: Approval, error: String, _ store: Store
    ) async throws -> Build {
        let configID = try await store.putConfig(
            repoID: repo.id, hash: Digest.sha256(source.config), content: source.config)
        return try await store.createBuild(
            NewBuild(
                repoID: repo.id, event: source.event, change: source.change, deployTo: source.deployTo,
                parent: source.parent, configID: configID, deliveryID: deliveryID, fromFork: source.fromFork,
                deployment: source.deployment, approval: approval,
                approvalBy: approval == .approved ? source.approver ?? "" : "",
                sealed: source.sealed, changedPaths: source.changedPaths, error: error))
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
