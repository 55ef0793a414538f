package import Core
import FoundationEssentials
import Postgres

/// A build to insert. Its number is drawn in the same transaction.
package struct NewBuild: Sendable {
    package var event: Event
    package var change: Change
    package var deployTo: String
    package var parent: Int64?
    package var configID: Int64
    package var deliveryID: Int64?
    package var fromFork: Bool
    /// The forge's id of the deployment it is of. nil: it is of none, or the forge was not asked for it.
    package var deployment: Int64?
    package var approval: Approval
    /// Login of who approved it by making it, else empty.
    package var approvalBy: String
    /// The `.drone.sec` of the commit, encrypted. nil: there is none.
    package var sealed: String?
    /// The files that the change touched; nil where that is not known.
    package var changedPaths: [String]?
    /// Why no job can run: the build is then finished, with status `error`. Empty otherwise.
    package var error: String

    package init(
        event: Event, change: Change, deployTo: String = "", parent: Int64? = nil, configID: Int64,
        deliveryID: Int64? = nil, fromFork: Bool = false, deployment: Int64? = nil,
        approval: Approval = .none, approvalBy: String = "",
        sealed: String? = nil, changedPaths: [String]? = nil,
        error: String = ""
    ) {
        self.event = event
        self.change = change
        self.deployTo = deployTo
        self.parent = parent
        self.configID = configID
        self.deliveryID = deliveryID
        self.fromFork = fromFork
        self.deployment = deployment
        self.approval = approval
        self.approvalBy = approvalBy
        self.sealed = sealed
        self.changedPaths = changedPaths
        self.error = error
    }
}

/// A job to insert.
package struct NewJob: Sendable {
    package var buildID: Int64
    package var number: Int
    package var environment: Variables
    package var classID: Int64
    package var group: ConcurrencyGroup?
    /// Not empty: the job is finished, and will never run.
    package var error: String

    package init(
        buildID: Int64, number: Int, environment: Variables, classID: Int64, group: ConcurrencyGroup? = nil,
        error: String = ""
    ) {
        self.buildID = buildID
        self.number = number
        self.environment = environment
        self.classID = classID
        self.group = group
        self.error = error
    }
}

// Every method of this file is to be called in a transaction.
extension Store {
    /// Makes builds of one repository, in order. Draws their numbers, which holds up other new builds of the repository until the
    /// transaction ends.
    package func createBuilds(_ new: [NewBuild], repoID: Int64) async throws -> [Build] {
        guard !new.isEmpty else { return [] }
        guard let drawn = try await session.first(.drawNumbers, [.int(repoID), .int(new.count)]) else {
            throw AccessError.notFound("The repository is gone.")
        }
        let last = try drawn.decode(Int64.self, at: 0) - Int64(new.count)
        func texts(_ text: (NewBuild) -> String) -> Parameter { .texts(new.map(text)) }
        func numbers(_ number: (NewBuild) -> Int64?) -> Parameter { .ints(new.map { number($0) ?? 0 }) }
        let rows = try await session.query(
            .createBuilds,
            [
                .int(repoID), .int(last), numbers(\.parent), texts(\.event.rawValue), texts(\.error), texts(\.deployTo),
                texts(\.change.commit), texts(\.change.branch), texts(\.change.ref), texts(\.change.refspec),
                texts(\.change.remote), texts(\.change.title), texts(\.change.message),
                .timestamps(new.map(\.change.timestamp)), texts(\.change.author), texts(\.change.authorAvatar),
                texts(\.change.authorEmail), texts(\.change.linkURL), .ints(new.map(\.configID)), numbers(\.deliveryID),
                .ints(new.map { $0.fromFork ? 1 : 0 }), .optionalTexts(new.map(\.sealed)),
                .optionalTexts(new.map { $0.changedPaths.map(Parameter.arrayText) }), texts(\.approval.rawValue),
                texts(\.approvalBy), numbers(\.deployment),
            ])
        guard rows.count == new.count else { throw AccessError.notFound("The repository is gone.") }
        return try rows.map(Build.init(row:))
    }

    /// Stores the text of a `.drone.yml` once, and answers its id.
    package func putConfig(repoID: Int64, hash: [UInt8], content: [UInt8]) async throws -> Int64 {
        let row = try await session.first(.putConfig, [.int(repoID), .bytes(hash), .bytes(content)])
        guard let row else { throw AccessError.notFound("The repository is gone.") }
        return try row.decode(at: 0)
    }

    /// Makes the jobs of new builds. Answers them by the ids of their builds, each build's in order.
    package func createJobs(_ new: [NewJob]) async throws -> [Int64: [Job]] {
        guard !new.isEmpty else { return [:] }
        let rows = try await session.query(
            .createJobs,
            [
                .ints(new.map(\.buildID)), .ints(new.map(\.number)), .texts(new.map(\.environment.json)),
                .ints(new.map(\.classID)), .texts(new.map(\.error)), .optionalTexts(new.map { $0.group?.name }),
                .ints(new.map { $0.group?.limit ?? 0 }),
            ])
        guard rows.count == new.count else { throw AccessError.notFound("The build is gone.") }
        var jobs: [Int64: [Job]] = [:]
        for row in rows {
            var columns = row.columns
            let job = try Job(from: &columns)
            jobs[try columns.next(), default: []].append(job)
        }
        return jobs.mapValues { $0.sorted { $0.number < $1.number } }
    }

    /// The id of a set of labels that jobs ask for.
    package func labelClass(_ labels: [String: String]) async throws -> Int64 {
        let json = Parameter.json(Variables(sorted: labels).json)
        if let row = try await session.first(.findClass, [json]) { return try row.decode(at: 0) }
        guard let row = try await session.first(.createClass, [json]) else {
            throw AccessError.notFound("No such labels.")
        }
        return try row.decode(at: 0)
    }

    package func lockBuild(repoID: Int64, number: Int64) async throws -> (build: Build, configID: Int64?)? {
        guard let row = try await session.first(.lockByNumber, [.int(repoID), .int(number)]) else { return nil }
        var columns = row.columns
        return (try Build(from: &columns), try columns.next())
    }

    /// A build, the file it ran, the `.drone.sec` beside it, and what it changed.
    package func buildSource(repoID: Int64, number: Int64) async throws -> (
        build: Build, config: [UInt8], sealed: String?, changedPaths: [String]?
    )? {
        guard let row = try await session.first(.buildSource, [.int(repoID), .int(number)]) else { return nil }
        var columns = row.columns
        let config: [UInt8] = try columns.next()
        let sealed: String? = try columns.next()
        let paths: [String]? = try columns.next()
        return (try Build(from: &columns), config, sealed, paths)
    }

    package func lockBuild(id: Int64) async throws -> Build? {
        try await session.first(.lockBuild, [.int(id)]).map(Build.init(row:))
    }

    /// As `lockBuild`, without waiting. nil: it is gone, or somebody else has locked it.
    package func lockBuildIfFree(id: Int64) async throws -> Build? {
        try await session.first(.lockBuildIfFree, [.int(id)]).map(Build.init(row:))
    }

    /// Sets the build's status from its jobs. The build must be locked.
    package func settleBuild(id: Int64) async throws -> Build? {
        try await session.first(.settleBuild, [.int(id)]).map(Build.init(row:))
    }

    /// Sets a locked build and its jobs back to `pending`; answers the jobs and what an agent needs for each.
    package func restartBuild(id: Int64) async throws -> (build: Build, jobs: [JobToQueue])? {
        guard let row = try await session.first(.restartBuild, [.int(id)]) else { return nil }
        let jobs = try await session.query(.restartJobs, [.int(id)]).map(JobToQueue.init(row:))
        return (try Build(row: row), jobs.sorted { $0.job.number < $1.job.number })
    }

    /// Ids of a ref's builds with a lower number that have not ended, the oldest first.
    package func unfinishedBuilds(repoID: Int64, event: Event, ref: String, before number: Int64) async throws
        -> [Int64]
    {
        let parameters: [Parameter] = [.int(repoID), .text(event.rawValue), .text(ref), .int(number)]
        return try await session.query(.unfinishedBuilds, parameters).map { try $0.decode(at: 0) }
    }

    package func jobs(buildID: Int64) async throws -> [Job] {
        try await session.query(.jobsOfBuild, [.int(buildID)]).map(Job.init(row:))
    }

    package func lockJob(buildID: Int64, number: Int) async throws -> Job? {
        try await session.first(.lockJob, [.int(buildID), .int(number)]).map(Job.init(row:))
    }
}

extension ConcurrencyGroup {
    init?(from columns: inout ColumnReader) throws {
        let name: String? = try columns.next()
        let limit: Int? = try columns.next()
        guard let name, let limit else { return nil }
        self.init(name: name, limit: limit)
    }
}

extension Variables {
    /// By name, so that equal sets read alike.
    package init(sorted values: [String: String]) {
        self.init()
        for (name, value) in values.sorted(by: { $0.key < $1.key }) { self[name] = value }
    }
}

extension Job {
    static let columnCount = 10

    static func optional(from columns: inout ColumnReader) throws -> Job? {
        guard let id: Int64 = try columns.next() else { return nil }
        return try Job(id: id, from: &columns)
    }

    init(from columns: inout ColumnReader) throws {
        try self.init(id: try columns.next(), from: &columns)
    }

    init(row: Row) throws {
        var columns = row.columns
        try self.init(from: &columns)
    }

    private init(id: Int64, from columns: inout ColumnReader) throws {
        self.init(
            id: id, number: try columns.next(), status: Status(stored: try columns.next()),
            enqueuedAt: try columns.next(),
            startedAt: try columns.next(), finishedAt: try columns.next(), exitCode: try columns.next(),
            environment: try columns.next(), error: try columns.next(), attempt: try columns.next())
    }
}

extension Statement {
    fileprivate static let drawNumbers = Statement(stored: "builds.draw_numbers")
    fileprivate static let createBuilds = Statement(stored: "builds.create")
    fileprivate static let putConfig = Statement(stored: "builds.put_config")
    fileprivate static let lockByNumber = Statement(stored: "builds.lock_by_number")
    fileprivate static let buildSource = Statement(stored: "builds.source")
    fileprivate static let lockBuild = Statement(stored: "builds.lock")
    fileprivate static let lockBuildIfFree = Statement(stored: "builds.lock_if_free")
    fileprivate static let settleBuild = Statement(stored: "builds.settle")
    fileprivate static let unfinishedBuilds = Statement(stored: "builds.unfinished")
    fileprivate static let restartBuild = Statement(stored: "builds.restart")
    fileprivate static let createJobs = Statement(stored: "jobs.create")
    fileprivate static let findClass = Statement(stored: "jobs.find_class")
    fileprivate static let createClass = Statement(stored: "jobs.class")
    fileprivate static let restartJobs = Statement(stored: "jobs.restart")
    fileprivate static let jobsOfBuild = Statement(stored: "jobs.of_build")
    fileprivate static let lockJob = Statement(stored: "jobs.lock")
}
