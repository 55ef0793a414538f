import Core
package import FoundationEssentials
package import LogStream
import Postgres

/// Which log to read, and from where.
package struct LogRequest: Sendable {
    package var build: Int64
    package var job: Int
    /// nil: the latest.
    package var attempt: Int?
    /// A step's number; nil: all.
    package var step: Int?
    /// The first segment wanted is the one that holds this byte.
    package var offset: Int64 = 0
    /// How many segments to answer at once.
    package var segments = 8

    package init(build: Int64, job: Int, attempt: Int? = nil, step: Int? = nil) {
        self.build = build
        self.job = job
        self.attempt = attempt
        self.step = step
    }
}

/// A log, and its first segments.
package struct LogPage: Sendable {
    package var attemptID: Int64
    package var day: Date
    package var size: Int64
    /// No more will come.
    package var isComplete: Bool
    package var segments: [Segment]
}

extension Store {
    /// nil: the job has not been tried yet, so it has no log.
    package func readLog(_ scope: RepoScope, _ request: LogRequest) async throws -> LogPage? {
        guard standby != nil, request.step == nil else { return try await log(scope, request) }
        // The primary says what there is, and the standby has it.
        var head = request
        head.segments = 0
        guard var page = try await log(scope, head), request.offset < page.size else {
            return try await log(scope, request)
        }
        page.segments = try await segments(
            of: page, from: request.offset, before: page.size, step: nil, limit: request.segments)
        return page
    }

    private func log(_ scope: RepoScope, _ request: LogRequest) async throws -> LogPage? {
        let parameters = try scope.parameters(
            .int(request.build), .int(request.job), .int(request.attempt), .int(request.offset), .int(request.segments),
            .int(request.step))
        let rows = try await session.query(.readLog, parameters)
        var columns = try permitted(rows.first, scope)
        guard try columns.next(Int64?.self) != nil else {
            throw AccessError.notFound("\(scope.path) has no job \(request.build)/\(request.job).")
        }
        let jobStatus = Status(stored: try columns.next())
        let latest: Int = try columns.next()
        guard let attemptID: Int64 = try columns.next() else {
            guard let attempt = request.attempt else { return jobStatus.isFinished ? .empty : nil }
            // A server that is lost between the claim and the start of an attempt leaves a number that never ran.
            guard attempt < latest else { throw AccessError.notFound("The job has no attempt \(attempt).") }
            return .empty
        }
        let day: Date = try columns.next()
        let size: Int64 = try columns.next()
        let status = Status(stored: try columns.next())
        return LogPage(
            attemptID: attemptID, day: day, size: size, isComplete: status.isFinished,
            segments: try rows.compactMap { row in
                var columns = row.columns
                columns.skip(10)
                return try Segment.optional(from: &columns)
            })
    }

    /// The segment of a log that holds the byte at `from`, and those after it that start before `end`.
    package func segments(of log: LogPage, from: Int64, before end: Int64, step: Int?, limit: Int) async throws
        -> [Segment]
    {
        if step == nil, let found = await standbySegments(of: log, from: from, before: end, limit: limit) {
            return found
        }
        return try await segments(
            day: log.day, attemptID: log.attemptID, from: from, before: end, step: step, limit: limit)
    }

    func segments(
        day: Date, attemptID: Int64, from: Int64, before end: Int64, step: Int?, limit: Int
    ) async throws -> [Segment] {
        let parameters: [Parameter] = [
            .timestamp(day), .int(attemptID), .int(from), .int(end), .int(limit), .int(step),
        ]
        return try await session.query(.segments, parameters).compactMap { row in
            var columns = row.columns
            return try Segment.optional(from: &columns)
        }
    }

    /// Puts the small segments of an ended log together, so that reading it takes few rows. Readers see the same bytes.
    package func mergeLog(day: Date, attemptID: Int64, size: Int64) async throws {
        let pieces: Int64? = try await session.first(.pieces, [.timestamp(day), .int(attemptID)])?.decode(at: 0)
        // A log in large pieces is not worth being read for the few small ones between them.
        guard let pieces, pieces > 1, size / pieces < Int64(Self.mergedLength / 2) else { return }
        var position: Int64 = 0
        while position < size {
            let next = try await transaction { [position] store, _ in
                let segments = try await store.segments(
                    day: day, attemptID: attemptID, from: position, before: size, step: nil, limit: 64)
                for merged in SegmentMerge.merge(segments, maximumLength: Self.mergedLength)
                where !segments.contains(merged) {
                    try await store.replaceSegments(day: day, attemptID: attemptID, with: merged)
                }
                return segments.last?.end ?? size
            }
            position = max(next, position + 1)
        }
    }

    /// Bytes of text that pieces are put together to.
    private static let mergedLength = 128 << 10

    private func replaceSegments(day: Date, attemptID: Int64, with merged: Segment) async throws {
        let range: [Parameter] = [.timestamp(day), .int(attemptID), .int(merged.offset), .int(merged.end)]
        _ = try await session.execute(.deleteSegments, range)
        let parameters: [Parameter] = [
            .timestamp(day), .int(attemptID), .int(merged.offset), .int(merged.length), .int(merged.step),
            .int(Int64(merged.crc32)), .bytes(merged.data),
        ]
        _ = try await session.execute(.insertSegment, parameters)
    }

    /// Stores a segment exactly at the end of the log, and answers whether somebody reads along. nil: the log does not end
    /// there, or the attempt is over.
    package func appendSegment(attemptID: Int64, agentToken: Int64, _ segment: Segment) async throws -> Bool? {
        let parameters: [Parameter] = [
            .int(attemptID), .int(agentToken), .int(segment.offset), .int(segment.length), .int(segment.step),
            .int(Int64(segment.crc32)), .bytes(segment.data),
        ]
        return try await session.first(.append, parameters)?.decode(at: 0)
    }

    #if DEBUG
    /// Takes a stored segment away: a bug, planted to show that it would be found.
    package func dropSegment(day: Date, attemptID: Int64, _ segment: Segment) async throws {
        let range: [Parameter] = [.timestamp(day), .int(attemptID), .int(segment.offset), .int(segment.end)]
        _ = try await session.execute(.deleteSegments, range)
    }
    #endif

    /// The number of a step of an attempt by its number or its name. nil: it has no such step.
    package func stepNumber(attemptID: Int64, _ step: String) async throws -> Int? {
        try await session.first(.stepNumber, [.int(attemptID), .text(step)])?.decode(at: 0)
    }
}

extension LogPage {
    fileprivate static let empty = LogPage(
        attemptID: 0, day: Date(timeIntervalSince1970: 0), size: 0, isComplete: true, segments: [])
}

extension Segment {
    static func optional(from columns: inout ColumnReader) throws -> Segment? {
        guard let offset: Int64 = try columns.next() else { return nil }
        let length: Int = try columns.next()
        let step: Int = try columns.next()
        let crc32: Int64 = try columns.next()
        return Segment(
            offset: offset, length: length, crc32: UInt32(truncatingIfNeeded: crc32), step: step,
            data: try columns.next())
    }
}

extension Statement {
    fileprivate static let readLog = Statement(stored: "logs.read")
    fileprivate static let segments = Statement(stored: "logs.segments")
    fileprivate static let pieces = Statement(stored: "logs.pieces")
    fileprivate static let deleteSegments = Statement(stored: "logs.delete_segments")
    fileprivate static let insertSegment = Statement(stored: "logs.insert_segment")
    fileprivate static let append = Statement(stored: "logs.append")
    fileprivate static let stepNumber = Statement(stored: "logs.step_number")
}
