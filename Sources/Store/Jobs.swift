package import Core
import Postgres

/// All that a claimed job's plan is made of.
package struct JobWork: Sendable {
    package var buildID: Int64
    package var number: Int
    package var environment: Variables
    package var cancelRequested: Bool
    /// The `.drone.yml` stored with the build.
    package var config: [UInt8]?
    /// The `.drone.sec` stored with the build, encrypted.
    package var sealed: String?
    /// The files that the build's change touched; nil where that is not known.
    package var changedPaths: [String]?
    /// Minutes that no job of the tenant may run longer than; nil: no limit.
    package var maximumTimeout: Int?
    package var build: Build
    package var repo: Repo
}

// Every method of this file that writes is to be called in a transaction; those that answer a build's id leave it to be settled.
extension Store {
    package func work(jobID: Int64) async throws -> JobWork? {
        guard let row = try await session.first(.work, [.int(jobID)]) else { return nil }
        var columns = row.columns
        let buildID: Int64 = try columns.next()
        let number: Int = try columns.next()
        let names: [String] = try columns.next()
        let values: [String] = try columns.next()
        var environment = Variables()
        for (name, value) in zip(names, values) { environment[name] = value }
        return JobWork(
            buildID: buildID, number: number, environment: environment, cancelRequested: try columns.next(),
            config: try columns.next(), sealed: try columns.next(), changedPaths: try columns.next(),
            maximumTimeout: try columns.next(),
            build: try Build(from: &columns),
            repo: try Repo(from: &columns))
    }

    package func buildID(ofJob id: Int64) async throws -> Int64? {
        try await session.first(.buildID, [.int(id)])?.decode(at: 0)
    }

    /// Notes the number of a new attempt. False: the job no longer waits.
    package func beginAttempt(jobID: Int64, number: Int) async throws -> Bool {
        try await session.execute(.beginAttempt, [.int(jobID), .int(number)]) > 0
    }

    /// Notes the one attempt of a job that ended before it began.
    package func beginFailedAttempt(jobID: Int64) async throws -> Bool {
        try await session.execute(.beginFailedAttempt, [.int(jobID)]) > 0
    }

    package func startJob(id: Int64, attempt: Int) async throws -> Int64? {
        try await session.first(.startJob, [.int(id), .int(attempt)])?.decode(at: 0)
    }

    package func finishJob(id: Int64, attempt: Int, status: Status, exitCode: Int, error: String) async throws -> Int64?
    {
        let parameters: [Parameter] = [.int(id), .int(attempt), .text(status.rawValue), .int(exitCode), .text(error)]
        return try await session.first(.finishJob, parameters)?.decode(at: 0)
    }

    package func killWaitingJob(id: Int64, reason: String) async throws -> Int64? {
        try await session.first(.killWaitingJob, [.int(id), .text(reason)])?.decode(at: 0)
    }

    /// Notes that somebody asked to stop the job; its agent hears of it at its next heartbeat.
    package func askToCancel(jobID: Int64) async throws -> Bool {
        try await session.execute(.askToCancel, [.int(jobID)]) > 0
    }

    package func askToCancelAll(repoID: Int64) async throws {
        _ = try await session.execute(.askToCancelAll, [.int(repoID)])
    }

    /// Lets another agent have the job. nil: it is over, or another attempt has it.
    package func returnJob(id: Int64, attempt: Int) async throws -> (buildID: Int64, cancelRequested: Bool)? {
        guard let row = try await session.first(.returnJob, [.int(id), .int(attempt)]) else { return nil }
        var columns = row.columns
        return (try columns.next(), try columns.next())
    }
}

extension Statement {
    fileprivate static let work = Statement(stored: "jobs.work")
    fileprivate static let buildID = Statement(stored: "jobs.build_id")
    fileprivate static let beginAttempt = Statement(stored: "jobs.begin_attempt")
    fileprivate static let beginFailedAttempt = Statement(stored: "jobs.begin_failed_attempt")
    fileprivate static let startJob = Statement(stored: "jobs.start")
    fileprivate static let finishJob = Statement(stored: "jobs.finish")
    fileprivate static let killWaitingJob = Statement(stored: "jobs.kill_waiting")
    fileprivate static let askToCancel = Statement(stored: "jobs.ask_to_cancel")
    fileprivate static let askToCancelAll = Statement(stored: "jobs.ask_to_cancel_all")
    fileprivate static let returnJob = Statement(stored: "jobs.back_to_waiting")
}
