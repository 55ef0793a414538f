package import Core
import FoundationEssentials
import Postgres

/// A build with its jobs, by number.
package struct BuildWithJobs: Sendable {
    package var build: Build
    package var jobs: [Job]

    package init(build: Build, jobs: [Job]) {
        self.build = build
        self.jobs = jobs
    }
}

/// Which builds to list.
package struct BuildFilter: Sendable {
    /// Only those with a lower number.
    package var before: Int64 = .max
    /// 1 to 100.
    package var limit = 50
    package var branch: String?
    package var event: Event?
    package var status: Status?

    package init() {}

    /// How many builds a filtered list looks at, at most.
    package static let window = 5_000

    package var isFiltering: Bool { branch != nil || event != nil || status != nil }
}

/// A page of builds, newest first.
package struct BuildPage: Sendable {
    package var builds: [BuildWithJobs]
    /// Builds below this number are still to be listed; nil at the end.
    package var next: Int64?
}

extension Store {
    /// Throws `notFound` for an unknown number too.
    package func readBuild(_ scope: RepoScope, number: Int64) async throws -> BuildWithJobs {
        let rows = try await session.query(.readBuild, scope.parameters(.int(number)))
        guard let build = try buildWithJobs(rows, scope) else {
            throw AccessError.notFound("\(scope.path) has no build \(number).")
        }
        return build
    }

    /// The newest push build of a branch, of the default branch where `branch` is nil.
    package func readLatestBuild(_ scope: RepoScope, branch: String?) async throws -> BuildWithJobs {
        let rows = try await session.query(.readLatestBuild, scope.parameters(.text(branch)))
        guard let build = try buildWithJobs(rows, scope) else {
            throw AccessError.notFound("\(scope.path) has no build of a push to \(branch ?? "its default branch").")
        }
        return build
    }

    /// The newest builds. A filter looks at no more than `BuildFilter.window` builds and may answer a short page with a `next`.
    ///
    /// Pages after the first may come from a standby; the first is where people look after they did something.
    package func readBuilds(_ scope: RepoScope, _ filter: BuildFilter) async throws -> BuildPage {
        if filter.before < .max, let page = try await onStandby(scope, { try await $0.builds(scope, filter) }) {
            return page
        }
        return try await builds(scope, filter)
    }

    private func builds(_ scope: RepoScope, _ filter: BuildFilter) async throws -> BuildPage {
        filter.isFiltering ? try await filteredBuilds(scope, filter) : try await newestBuilds(scope, filter)
    }

    private func newestBuilds(_ scope: RepoScope, _ filter: BuildFilter) async throws -> BuildPage {
        let rows = try await session.query(.readBuilds, scope.parameters(.int(filter.before), .int(filter.limit)))
        let builds = try rows.compactMap { row in
            var columns = try permitted(row, scope)
            return try Build.optional(from: &columns)
        }
        _ = try permitted(rows.first, scope)
        let next = builds.count == filter.limit ? builds.last.flatMap { $0.number > 1 ? $0.number : nil } : nil
        return BuildPage(builds: try await withJobs(builds), next: next)
    }

    private func filteredBuilds(_ scope: RepoScope, _ filter: BuildFilter) async throws -> BuildPage {
        let parameters = try scope.parameters(
            .int(filter.before), .int(filter.limit), .text(filter.branch), .text(filter.event?.rawValue),
            .text(filter.status?.rawValue), .int(BuildFilter.window))
        let rows = try await session.query(.readFilteredBuilds, parameters)
        var lowest: Int64?
        let builds = try rows.compactMap { row in
            var columns = try permitted(row, scope)
            lowest = try columns.next()
            return try Build.optional(from: &columns)
        }
        _ = try permitted(rows.first, scope)
        let last = builds.count == filter.limit ? builds.last?.number : lowest
        return BuildPage(builds: try await withJobs(builds), next: last.flatMap { $0 > 1 ? $0 : nil })
    }

    private func withJobs(_ builds: [Build]) async throws -> [BuildWithJobs] {
        guard !builds.isEmpty else { return [] }
        var jobs: [Int64: [Job]] = [:]
        for row in try await session.query(.jobsOfBuilds, [.ints(builds.map(\.id))]) {
            var columns = row.columns
            jobs[try columns.next(), default: []].append(try Job(from: &columns))
        }
        return builds.map { BuildWithJobs(build: $0, jobs: jobs[$0.id] ?? []) }
    }

    private func buildWithJobs(_ rows: Rows, _ scope: RepoScope) throws -> BuildWithJobs? {
        var columns = try permitted(rows.first, scope)
        guard let build = try Build.optional(from: &columns) else { return nil }
        let jobs = try rows.compactMap { row -> Job? in
            var columns = row.columns
            columns.skip(3 + Build.columnCount)
            guard var job = try Job.optional(from: &columns) else { return nil }
            job.steps = try StepRun.all(from: &columns)
            return job
        }
        return BuildWithJobs(build: build, jobs: jobs)
    }
}

extension Build {
    static let columnCount = 26

    /// nil where the row of an outer join has no build.
    static func optional(from columns: inout ColumnReader) throws -> Build? {
        guard let id: Int64 = try columns.next() else { return nil }
        return try Build(id: id, from: &columns)
    }

    init(from columns: inout ColumnReader) throws {
        try self.init(id: try columns.next(), from: &columns)
    }

    init(row: Row) throws {
        var columns = row.columns
        try self.init(from: &columns)
    }

    private init(id: Int64, from columns: inout ColumnReader) throws {
        let number: Int64 = try columns.next()
        let event = Event(stored: try columns.next())
        let status = Status(stored: try columns.next())
        let createdAt: Date = try columns.next()
        let enqueuedAt: Date = try columns.next()
        let startedAt: Date? = try columns.next()
        let finishedAt: Date? = try columns.next()
        let deployTo: String = try columns.next()
        let change = try Change(from: &columns)
        self.init(
            id: id, number: number, event: event, status: status, createdAt: createdAt, enqueuedAt: enqueuedAt,
            startedAt: startedAt, finishedAt: finishedAt, deployTo: deployTo, change: change,
            parent: try columns.next(),
            error: try columns.next(), fromFork: try columns.next(),
            approval: Approval(stored: try columns.next()), approvalBy: try columns.next())
    }
}

extension Change {
    init(from columns: inout ColumnReader) throws {
        self.init(
            commit: try columns.next(), branch: try columns.next(), ref: try columns.next(),
            refspec: try columns.next(),
            remote: try columns.next(), title: try columns.next(), message: try columns.next(),
            timestamp: try columns.next(),
            author: try columns.next(), authorAvatar: try columns.next(), authorEmail: try columns.next(),
            linkURL: try columns.next())
    }
}

extension Statement {
    fileprivate static let readBuild = Statement(stored: "builds.read")
    fileprivate static let readLatestBuild = Statement(stored: "builds.read_latest")
    fileprivate static let readBuilds = Statement(stored: "builds.read_list")
    fileprivate static let readFilteredBuilds = Statement(stored: "builds.read_list_filtered")
    fileprivate static let jobsOfBuilds = Statement(stored: "builds.jobs_of")
}
