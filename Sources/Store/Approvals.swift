package import Core
import Postgres

// Every method of this file is to be called in a transaction that holds the build's lock.
extension Store {
    /// Notes that a build may run. nil: it does not wait for that.
    package func approveBuild(id: Int64, by login: String) async throws -> Build? {
        try await session.first(.approve, [.int(id), .text(login)]).map(Build.init(row:))
    }

    /// Notes that a build must not run. nil: it does not wait for that.
    package func declineBuild(id: Int64, by login: String, reason: String) async throws -> Build? {
        try await session.first(.decline, [.int(id), .text(login), .text(reason)]).map(Build.init(row:))
    }

    /// The jobs of an approved build as they go on the queue, by number, and what an agent needs for each.
    package func releaseJobs(buildID: Int64) async throws -> [JobToQueue] {
        let jobs = try await session.query(.releaseJobs, [.int(buildID)]).map(JobToQueue.init(row:))
        return jobs.sorted { $0.job.number < $1.job.number }
    }
}

/// A job and what the queue has to know of it.
package struct JobToQueue: Sendable {
    package var job: Job
    /// What its agent must have.
    package var classID: Int64
    package var group: ConcurrencyGroup?

    package init(job: Job, classID: Int64, group: ConcurrencyGroup?) {
        self.job = job
        self.classID = classID
        self.group = group
    }

    init(row: Row) throws {
        var columns = row.columns
        job = try Job(from: &columns)
        classID = try columns.next()
        group = try ConcurrencyGroup(from: &columns)
    }
}

extension Statement {
    fileprivate static let approve = Statement(stored: "builds.approve")
    fileprivate static let decline = Statement(stored: "builds.decline")
    fileprivate static let releaseJobs = Statement(stored: "jobs.release")
}
