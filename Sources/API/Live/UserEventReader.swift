import Builds
import Core
import Logging
import Postgres
import Store

/// The `id` of an event of many repositories: what was committed, and which repositories they are.
///
/// Not a number: transactions do not commit in the order of any, and one would be missed.
struct UserEventID: Hashable, CustomStringConvertible {
    var snapshot: EventSnapshot
    /// Of the repositories' ids.
    var digest: String

    init(snapshot: EventSnapshot, repos: [Int64]) {
        self.snapshot = snapshot
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for id in repos {
            for shift in stride(from: 0, to: 64, by: 8) {
                hash = (hash ^ UInt64(truncatingIfNeeded: id >> shift) & 0xFF) &* 0x100_0000_01b3
            }
        }
        digest = String(hash, radix: 36)
    }

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.allSatisfy({ Self.digits.contains($0) }) else { return nil }
        snapshot = EventSnapshot(String(parts[0]))
        digest = String(parts[1])
    }

    private static let digits = Set("0123456789:,".utf8)

    var description: String { "\(snapshot.text)/\(digest)" }
}

/// One who follows the builds of all their repositories.
struct UserEventReader: Sendable {
    static let mostRepos = 1_000
    /// Events that are made up for, at most.
    private static let most = 1_000

    let engine: Engine
    let feed: EventFeed
    let credentials: Credentials
    let logger: Logger

    private struct Standing {
        /// In order.
        var repos: [Int64]
        var ids: Set<Int64>
        var snapshot: EventSnapshot
        /// The last event written of a repository, where it may come again.
        var written: [Int64: Int64] = [:]

        var id: UserEventID { UserEventID(snapshot: snapshot, repos: repos) }

        init(_ repos: [Int64], _ snapshot: EventSnapshot) {
            self.repos = repos
            ids = Set(repos)
            self.snapshot = snapshot
        }
    }

    /// Writes events until the token is not good any more.
    ///
    /// - Parameters:
    ///   - snapshot: the one in which the repositories were found.
    ///   - last: nil: only what comes.
    func run(_ repos: [Int64], at snapshot: EventSnapshot, after last: UserEventID?, _ events: inout EventWriter)
        async throws
    {
        try await feed.follow(logger) { sequence in
            var sequence = sequence
            var standing = Standing(repos, snapshot)
            if let last, last.digest != standing.id.digest {
                try await events.reset(id: standing.id.description)
            } else if let last {
                standing.snapshot = last.snapshot
            }
            try await catchUp(&standing, &events)
            var due = ContinuousClock.now + engine.settings.heartbeat
            while !Task.isCancelled {
                if ContinuousClock.now >= due {
                    due = .now + engine.settings.heartbeat
                    guard try await lookAgain(&standing, &events) else { return }
                }
                let count = feed.bell.count
                switch feed.look(after: sequence) {
                case .batches(let batches):
                    for batch in batches { try await write(batch, &standing, &events) }
                    sequence = batches.last?.sequence ?? sequence
                case .behind:
                    sequence = feed.sequence
                    try await catchUp(&standing, &events)
                case .nothing:
                    await feed.bell.wait(beyond: count, until: min(events.heartbeatDue, due))
                    try await events.beat()
                }
            }
        }
    }

    private func write(_ batch: FeedBatch, _ standing: inout Standing, _ events: inout EventWriter) async throws {
        standing.snapshot = batch.snapshot
        let own = batch.events.filter {
            standing.ids.contains($0.repoID) && $0.number > standing.written[$0.repoID] ?? 0
        }
        try await events.write(own, id: standing.id.description)
    }

    /// Writes what was committed since the standing's snapshot. What the feed then brings again is known by its number.
    private func catchUp(_ standing: inout Standing, _ events: inout EventWriter) async throws {
        let found = try await engine.store.events(
            since: standing.snapshot, ofRepos: standing.repos, limit: Self.most + 1)
        guard let found, found.events.count <= Self.most else {
            // What comes after this snapshot comes by the feed, which looks for itself.
            let (_, snapshot) = try await engine.store.events(since: nil, limit: 1)
            standing.snapshot = snapshot
            return try await events.reset(id: standing.id.description)
        }
        standing.snapshot = found.snapshot
        try await events.write(found.events.map(FeedEvent.init), id: standing.id.description)
        for event in found.events { standing.written[event.repoID] = event.number }
    }

    /// Looks whose events may be seen. When they are of other repositories than before, the client is told to load anew. False:
    /// the token is not good any more.
    private func lookAgain(_ standing: inout Standing, _ events: inout EventWriter) async throws -> Bool {
        do {
            let caller = try await engine.store.caller(credentials)
            let (repos, _) = try await engine.store.followedRepos(of: caller, limit: Self.mostRepos)
            guard repos != standing.repos else { return true }
            let written = standing.written
            standing = Standing(repos, standing.snapshot)
            standing.written = written
            try await events.reset(id: standing.id.description)
            return true
        } catch is AccessError {
            return false
        } catch let error as PostgresError where error.isUnavailable || error.code == .timeout {
            return true
        }
    }
}
