package import Core
package import FoundationEssentials
package import LogStream
import Postgres

/// An attempt as its agent meets it.
package struct AttemptOfAgent: Sendable {
    package var id: Int64
    package var jobID: Int64
    package var number: Int
    package var status: Status
    package var logSize: Int64
    /// The partition of its log.
    package var logDay: Date
    package var cancelRequested: Bool
    package var buildID: Int64
    /// Whether the job has gone on to another attempt.
    package var isLatest: Bool

    /// Nothing the agent sends changes anything any more.
    package var isOver: Bool { !isLatest || status.isFinished }
}

/// An attempt that Skep ended, to whose log it has something to add.
package struct EndedAttempt: Sendable {
    package var id: Int64
    package var logSize: Int64
    package var lastStep: Int
}

extension Store {
    package func createAttempt(jobID: Int64, number: Int, agentID: Int64) async throws -> Int64 {
        guard let row = try await session.first(.createAttempt, [.int(jobID), .int(number), .int(agentID)]) else {
            throw AccessError.notFound("The job is gone.")
        }
        return try row.decode(at: 0)
    }

    /// An attempt that Skep itself ends at once, to have a log to say why in.
    package func createFinishedAttempt(jobID: Int64, number: Int, status: Status, error: String) async throws
        -> EndedAttempt
    {
        let parameters: [Parameter] = [.int(jobID), .int(number), .text(status.rawValue), .text(error), .int(0)]
        guard let row = try await session.first(.createFinishedAttempt, parameters) else {
            throw AccessError.notFound("The job is gone.")
        }
        return EndedAttempt(id: try row.decode(at: 0), logSize: 0, lastStep: 0)
    }

    /// nil: no agent of this token has such an attempt.
    package func attempt(id: Int64, agentToken: Int64) async throws -> AttemptOfAgent? {
        guard let row = try await session.first(.findAttempt, [.int(id), .int(agentToken)]) else { return nil }
        var columns = row.columns
        let jobID: Int64 = try columns.next()
        let number: Int = try columns.next()
        let status = Status(stored: try columns.next())
        let logSize: Int64 = try columns.next()
        let logDay: Date = try columns.next()
        let cancelRequested: Bool = try columns.next()
        let latest: Int = try columns.next()
        return AttemptOfAgent(
            id: id, jobID: jobID, number: number, status: status, logSize: logSize, logDay: logDay,
            cancelRequested: cancelRequested,
            buildID: try columns.next(), isLatest: latest == number)
    }

    /// False: it was started before, or is over.
    package func startAttempt(id: Int64) async throws -> Bool {
        try await session.execute(.startAttempt, [.int(id)]) > 0
    }

    /// Answers whether somebody reads its log along. nil: it is over already, or its log is not `logSize` bytes.
    package func finishAttempt(id: Int64, status: Status, exitCode: Int, error: String, logSize: Int64) async throws
        -> Bool?
    {
        let parameters: [Parameter] = [.int(id), .text(status.rawValue), .int(exitCode), .text(error), .int(logSize)]
        return try await session.first(.finishAttempt, parameters)?.decode(at: 0)
    }

    /// Ends an attempt whose agent was lost. nil: there was none to end.
    package func giveUpAttempt(jobID: Int64, number: Int, reason: String) async throws -> EndedAttempt? {
        guard let row = try await session.first(.giveUp, [.int(jobID), .int(number), .text(reason)]) else { return nil }
        var columns = row.columns
        let id: Int64 = try columns.next()
        let logSize: Int64 = try columns.next()
        return EndedAttempt(id: id, logSize: logSize, lastStep: try columns.next())
    }

    /// Adds Skep's own words to the end of an ended attempt's log.
    package func append(_ segment: Segment, toEnded attempt: EndedAttempt) async throws {
        let parameters: [Parameter] = [
            .int(attempt.id), .int(segment.length), .int(attempt.logSize), .int(segment.step),
            .int(Int64(segment.crc32)),
            .bytes(segment.data),
        ]
        _ = try await session.execute(.say, parameters)
    }

    package func createSteps(attemptID: Int64, _ steps: [(number: Int, name: String, image: String)]) async throws {
        for step in steps {
            let parameters: [Parameter] = [.int(attemptID), .int(step.number), .text(step.name), .text(step.image)]
            _ = try await session.execute(.createStep, parameters)
        }
    }

    package func updateStep(
        attemptID: Int64, number: Int, status: Status, exitCode: Int, startedAt: Date?, finishedAt: Date?
    ) async throws -> Bool {
        let parameters: [Parameter] = [
            .int(attemptID), .int(number), .text(status.rawValue), .int(exitCode), .timestamp(startedAt),
            .timestamp(finishedAt),
        ]
        return try await session.execute(.updateStep, parameters) > 0
    }

    /// Ends the steps that an ended attempt left open.
    package func closeSteps(attemptID: Int64, as status: Status) async throws {
        _ = try await session.execute(.closeSteps, [.int(attemptID), .text(status.rawValue)])
    }
}

extension Statement {
    fileprivate static let createAttempt = Statement(stored: "attempts.create")
    fileprivate static let createFinishedAttempt = Statement(stored: "attempts.create_finished")
    fileprivate static let findAttempt = Statement(stored: "attempts.find_of_agent")
    fileprivate static let startAttempt = Statement(stored: "attempts.start")
    fileprivate static let finishAttempt = Statement(stored: "attempts.finish")
    fileprivate static let giveUp = Statement(stored: "attempts.give_up")
    fileprivate static let say = Statement(stored: "attempts.say")
    fileprivate static let createStep = Statement(stored: "attempts.create_step")
    fileprivate static let updateStep = Statement(stored: "attempts.update_step")
    fileprivate static let closeSteps = Statement(stored: "attempts.close_steps")
}
