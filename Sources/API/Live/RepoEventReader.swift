import Builds
import Core
import Logging
import Store

/// One who follows the builds of a repository.
struct RepoEventReader: Sendable {
    static let page = 200

    let engine: Engine
    let feed: EventFeed
    let scope: RepoScope
    let logger: Logger

    /// Writes events after a number until access is lost.
    ///
    /// - Parameters:
    ///   - first: what was there of them when access was checked.
    ///   - number: nil: only what comes.
    func run(_ first: RepoEvents, after number: Int64?, _ events: inout EventWriter) async throws {
        try await feed.follow(logger) { sequence in
            var sequence = sequence
            var last = number ?? first.last
            var access = AccessCheck(engine: engine, scope: scope)
            try await catchUp(&last, &events)
            while !Task.isCancelled, try await access.stillHolds() {
                let count = feed.bell.count
                switch feed.look(after: sequence) {
                case .batches(let batches):
                    try await write(batches, of: first.repoID, &last, &events)
                    sequence = batches.last?.sequence ?? sequence
                case .behind:
                    sequence = feed.sequence
                    try await catchUp(&last, &events)
                case .nothing:
                    await feed.bell.wait(beyond: count, until: min(events.heartbeatDue, access.due))
                    try await events.beat()
                }
            }
        }
    }

    private func write(
        _ batches: [FeedBatch], of repoID: Int64, _ last: inout Int64, _ events: inout EventWriter
    ) async throws {
        for batch in batches {
            for event in batch.events where event.repoID == repoID && event.number > last {
                try await events.write(CollectionOfOne(event), id: "\(event.number)")
                last = event.number
            }
        }
    }

    /// Writes what is in the database. Numbers have no gap: where one is missing, it is not kept any more.
    private func catchUp(_ last: inout Int64, _ events: inout EventWriter) async throws {
        while true {
            try Task.checkCancellation()
            let found = try await engine.store.events(scope, after: last, limit: Self.page)
            let next = found.events.first?.number ?? found.last + 1
            guard next == last + 1 else {
                last = found.last
                return try await events.reset(id: "\(last)")
            }
            for event in found.events {
                try await events.write(CollectionOfOne(FeedEvent(event)), id: "\(event.number)")
                last = event.number
            }
            if found.events.count < Self.page { return }
        }
    }
}
