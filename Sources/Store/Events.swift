package import Core
package import FoundationEssentials
import Postgres

/// A change of a build or its jobs.
package struct BuildEvent: Sendable, Hashable {
    package var repoID: Int64
    /// Counts 1, 2, 3 … in the repository, in the order of the commits.
    package var number: Int64
    package var build: Int64
    package var status: Status
    /// Where the jobs stand, by their numbers from 1.
    package var jobs: [Status]
    package var at: Date
    package var event: Event
    package var branch: String
    package var commit: String
    package var path: RepoPath
}

/// What was committed and what was not at some moment, as PostgreSQL writes a `pg_snapshot`: what a reader of many repositories
/// has seen. A single number could not tell, because transactions do not commit in the order of any.
package struct EventSnapshot: Sendable, Hashable {
    package var text: String

    package init(_ text: String) {
        self.text = text
    }
}

/// What one repository's reader gets.
package struct RepoEvents: Sendable {
    package var repoID: Int64
    /// The last number drawn.
    package var last: Int64
    package var events: [BuildEvent]
}

extension Store {
    /// In a transaction: makes an event of a build that was just made or put back to waiting.
    package func makeEvent(buildID: Int64) async throws {
        try await makeEvents(buildIDs: [buildID])
    }

    /// As `makeEvent`, in order.
    package func makeEvents(buildIDs: [Int64]) async throws {
        guard !buildIDs.isEmpty else { return }
        _ = try await session.execute(.makeEvents, [.ints(buildIDs)])
    }

    /// Events of all repositories committed after a snapshot (nil: none), at most `limit`, and the snapshot to go on from. Within a
    /// repository they are in order.
    package func events(since snapshot: EventSnapshot?, limit: Int) async throws -> ([BuildEvent], EventSnapshot) {
        let rows = try await session.query(.eventsSince, [.text(snapshot?.text), .int(limit)])
        guard let first = rows.first else { return ([], snapshot ?? EventSnapshot("")) }
        return (try Self.events(rows, after: 1), EventSnapshot(try first.decode(at: 0)))
    }

    /// Events of a repository after `number` (nil: none), at most `limit`.
    package func events(_ scope: RepoScope, after number: Int64?, limit: Int) async throws -> RepoEvents {
        let rows = try await session.query(.eventsOfRepo, scope.parameters(.int(number), .int(limit)))
        let repoID = try rows.first?.decode(Int64?.self, at: 2)
        var columns = try permitted(rows.first, scope)
        return RepoEvents(
            repoID: repoID ?? 0, last: try columns.next(), events: try Self.events(rows, after: 4))
    }

    /// Events of some repositories committed after a snapshot, at most `limit`, and the snapshot to go on from. nil: some of
    /// them are not kept any more, or the snapshot is not one of this database.
    package func events(since snapshot: EventSnapshot, ofRepos ids: [Int64], limit: Int) async throws -> (
        events: [BuildEvent], snapshot: EventSnapshot
    )? {
        let rows: Rows
        do {
            rows = try await session.query(
                .eventsSinceOfRepos, [.text(snapshot.text), .ints(ids), .int(limit)])
        } catch let error as PostgresError where error.sqlState?.hasPrefix("22") == true {
            return nil
        }
        guard let first = rows.first, try first.decode(Bool.self, at: 1) == false else { return nil }
        return (try Self.events(rows, after: 2), EventSnapshot(try first.decode(at: 0)))
    }

    /// The repositories that the caller may follow as a member or by a permission, as far as the token goes, at most `limit`, and
    /// the snapshot in which they were so.
    package func followedRepos(of caller: Caller, limit: Int) async throws -> (ids: [Int64], snapshot: EventSnapshot) {
        let row = try await session.first(.reposOfToken, [.int(caller.token.id), .int(limit)])
        guard let row else { throw AccessError.unauthenticated }
        return (try row.decode(at: 1), EventSnapshot(try row.decode(at: 0)))
    }

    /// Erases events older than a day, and more than the newest `kept` of a repository. Answers how many it erased; 0 means all
    /// that nobody else is erasing.
    package func forgetEvents(keeping kept: Int) async throws -> Int {
        try await session.first(.forgetEvents, [.int(kept), .int(100)])?.decode(at: 0) ?? 0
    }

    private static func events(_ rows: Rows, after skipped: Int) throws -> [BuildEvent] {
        try rows.compactMap { row in
            var columns = row.columns
            columns.skip(skipped)
            return try BuildEvent.optional(from: &columns)
        }
    }
}

extension BuildEvent {
    /// nil where the row of an outer join has none, or its build is gone.
    fileprivate static func optional(from columns: inout ColumnReader) throws -> BuildEvent? {
        guard let repoID: Int64 = try columns.next() else { return nil }
        let number: Int64 = try columns.next()
        let build: Int64 = try columns.next()
        let status = Status(stored: try columns.next())
        let jobs: [String] = try columns.next()
        let at: Date = try columns.next()
        guard let event: String = try columns.next() else { return nil }
        let branch: String = try columns.next()
        let commit: String = try columns.next()
        let owner: String = try columns.next()
        let name: String = try columns.next()
        return BuildEvent(
            repoID: repoID, number: number, build: build, status: status, jobs: jobs.map(Status.init(stored:)), at: at,
            event: Event(stored: event), branch: branch, commit: commit,
            path: RepoPath(forge: try columns.next(), owner: owner, name: name))
    }
}

extension Statement {
    fileprivate static let makeEvents = Statement(stored: "events.make")
    fileprivate static let eventsSince = Statement(stored: "events.since")
    fileprivate static let eventsOfRepo = Statement(stored: "events.of_repo")
    fileprivate static let eventsSinceOfRepos = Statement(stored: "events.since_of_repos")
    fileprivate static let reposOfToken = Statement(stored: "events.repos_of_token")
    fileprivate static let forgetEvents = Statement(stored: "events.forget")
}
