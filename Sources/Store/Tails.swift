package import Core
package import FoundationEssentials
package import LogStream
import Postgres

/// A run of a job, as far as its log goes.
package struct TailedAttempt: Sendable, Hashable {
    package var number: Int
    package var id: Int64
    package var day: Date
    /// Bytes of log there are.
    package var size: Int64
    package var status: Status
    package var exitCode: Int

    /// No more log comes.
    package var isOver: Bool { status.isFinished }
}

/// A job whose log is read along.
package struct TailedJob: Sendable, Hashable {
    package var id: Int64
    package var status: Status
    package var exitCode: Int
    /// Number of the latest attempt; 0 before the first.
    package var latest: Int
    /// The attempt asked for. nil: there is none yet.
    package var attempt: TailedAttempt?
}

extension Store {
    /// A job, and its attempt of that number or the latest. Throws `notFound` where there is no such job or attempt.
    package func tailedJob(_ scope: RepoScope, build: Int64, job: Int, attempt: Int?) async throws -> TailedJob {
        let parameters = try scope.parameters(.int(build), .int(job), .int(attempt))
        var columns = try permitted(try await session.first(.findTail, parameters), scope)
        guard let found = try TailedJob.optional(from: &columns) else {
            throw AccessError.notFound("\(scope.path) has no job \(build)/\(job).")
        }
        if let attempt, found.attempt == nil { throw AccessError.notFound("The job has no attempt \(attempt).") }
        return found
    }

    /// A job with its latest attempt, and the log's segments from the one that holds byte `offset`, where that attempt is
    /// `attempt`; of another, the segments with its last three bytes. nil: the job is gone.
    package func follow(jobID: Int64, attempt: Int, from offset: Int64, budget: Int) async throws -> (
        job: TailedJob, segments: [Segment]
    )? {
        let parameters: [Parameter] = [.int(jobID), .int(attempt), .int(offset), .int(budget)]
        let rows = try await session.query(.follow, parameters)
        guard var columns = rows.first?.columns, let job = try TailedJob.optional(from: &columns) else { return nil }
        let segments = try rows.compactMap { row in
            var columns = row.columns
            columns.skip(TailedJob.columnCount)
            return try Segment.optional(from: &columns)
        }
        return (job, segments)
    }

    /// The segment of an attempt's log that holds byte `offset`, and those after it that start before `end` and less than
    /// `budget` bytes later: at most 64.
    package func tail(of attempt: TailedAttempt, from offset: Int64, before end: Int64, budget: Int) async throws
        -> [Segment]
    {
        let parameters: [Parameter] = [
            .timestamp(attempt.day), .int(attempt.id), .int(offset), .int(budget), .int(end),
        ]
        return try await session.query(.tailPage, parameters).compactMap { row in
            var columns = row.columns
            return try Segment.optional(from: &columns)
        }
    }

    /// Notes that somebody reads the attempt's log along, for so many seconds.
    package func watch(attemptID: Int64, seconds: Int) async throws {
        _ = try await session.execute(.watch, [.int(attemptID), .int(seconds)])
    }
}

extension TailedJob {
    fileprivate static let columnCount = 10

    fileprivate static func optional(from columns: inout ColumnReader) throws -> TailedJob? {
        guard let id: Int64 = try columns.next() else { return nil }
        return TailedJob(
            id: id, status: Status(stored: try columns.next()), exitCode: try columns.next(),
            latest: try columns.next(), attempt: try TailedAttempt.optional(from: &columns))
    }
}

extension TailedAttempt {
    fileprivate static func optional(from columns: inout ColumnReader) throws -> TailedAttempt? {
        guard let number: Int = try columns.next() else {
            columns.skip(5)
            return nil
        }
        return TailedAttempt(
            number: number, id: try columns.next(), day: try columns.next(), size: try columns.next(),
            status: Status(stored: try columns.next()), exitCode: try columns.next())
    }
}

extension Statement {
    fileprivate static let findTail = Statement(stored: "tails.find")
    fileprivate static let follow = Statement(stored: "tails.follow")
    fileprivate static let tailPage = Statement(stored: "tails.page")
    fileprivate static let watch = Statement(stored: "tails.watch")
}
