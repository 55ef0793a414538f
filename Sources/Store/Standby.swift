package import LogStream
import Postgres

/// Reads that a standby may answer (docs/decisions/0009-read-replica.md).
extension Store {
    /// What `read` answers on a standby that is new enough; nil where there is none, or it cannot say.
    ///
    /// The primary is asked before whether the caller may read the repository, so that a token or permission that is gone is
    /// refused at once. Throws what it says about that.
    func onStandby<T>(_ scope: RepoScope, _ read: (Store) async throws -> T) async throws -> T? {
        guard let standby else { return nil }
        _ = try await access(scope)
        return try? await read(standby)
    }

    /// Segments of a log that is complete, from a standby of any age: nil unless they are all that was asked for.
    func standbySegments(of log: LogPage, from: Int64, before end: Int64, limit: Int) async -> [Segment]? {
        guard log.isComplete, let standby else { return nil }
        let found = try? await standby.segments(
            day: log.day, attemptID: log.attemptID, from: from, before: end, step: nil, limit: limit)
        return found.flatMap { Self.areWhole($0, from: from, before: end, limit: limit) ? $0 : nil }
    }

    /// Whether segments follow each other without a gap, from the one that holds byte `start` up to `end`, or are as many as were
    /// wanted.
    package static func areWhole(_ segments: [Segment], from start: Int64, before end: Int64, limit: Int) -> Bool {
        guard let first = segments.first, let last = segments.last, first.offset <= start, first.end > start else {
            return false
        }
        let haveNoGap = zip(segments, segments.dropFirst()).allSatisfy { $0.end == $1.offset }
        return haveNoGap && (last.end >= end || segments.count == limit)
    }
}
