import Builds
import Core
import HTTPTypes
import Hummingbird
import Store

/// Server-sent events: logs while they are written, and changes of builds.
struct StreamController: Sendable {
    let engine: Engine
    let live: Live

    /// A job's log from an offset on, until the job has ended.
    func tail(_ request: Request, _ context: ReadContext) async throws -> Response {
        let attempt = try request.integer("attempt", in: 1...Int.max)
        let reader = TailReader(
            engine: engine, tails: live.tails, scope: context.scope, build: try context.number("build"),
            number: try context.number("job"), attempt: attempt, logger: context.logger)
        let offset = try request.integer("offset", in: 0...Int64.max) ?? 0
        let last = try request.lastEventID { TailID($0) }
        let job = try await engine.store.tailedJob(
            context.scope, build: reader.build, job: reader.number, attempt: attempt)
        guard let start = Self.start(last, offset, job, isNamed: attempt != nil) else {
            return Response(status: .noContent)
        }
        return EventStream(live) { events in try await reader.run(job, from: start, &events) }.response
    }

    /// Where to begin. nil: the reader has seen the end.
    private static func start(_ last: TailID?, _ offset: Int64, _ job: TailedJob, isNamed: Bool) -> TailPosition? {
        let latest = job.attempt?.number ?? 0
        switch last {
        case nil: return TailPosition(attempt: latest, offset: offset)
        case .plain(let offset): return TailPosition(attempt: isNamed ? latest : 1, offset: offset)
        case .position(let position): return position
        case .end(let attempt):
            let isOver = isNamed ? job.attempt?.isOver == true : job.status.isFinished
            if attempt == latest, isOver { return nil }
            return TailPosition(attempt: attempt, offset: .max)
        }
    }

    /// Changes of a repository's builds.
    func events(_ request: Request, _ context: ReadContext) async throws -> Response {
        let last = try request.lastEventID { Int64($0) }
        let reader = RepoEventReader(engine: engine, feed: live.feed, scope: context.scope, logger: context.logger)
        let first = try await engine.store.events(context.scope, after: last, limit: RepoEventReader.page)
        return EventStream(live) { events in try await reader.run(first, after: last, &events) }.response
    }

    /// Changes of builds of all the caller's repositories.
    func ownEvents(_ request: Request, _ context: UserContext) async throws -> Response {
        let last = try request.lastEventID { UserEventID($0) }
        let reader = UserEventReader(
            engine: engine, feed: live.feed, credentials: context.credentials, logger: context.logger)
        let repos = try await engine.store.followedRepos(of: context.caller, limit: UserEventReader.mostRepos)
        return EventStream(live) { events in
            try await reader.run(repos.ids, at: repos.snapshot, after: last, &events)
        }.response
    }
}

extension Request {
    /// What a client that comes back has seen. Throws `invalid` for what no stream has sent.
    fileprivate func lastEventID<ID>(_ parse: (String) -> ID?) throws -> ID? {
        guard let text = headers[.lastEventID], !text.isEmpty else { return nil }
        guard let id = parse(text) else { throw Refusal.invalid("Last-Event-ID is none that this address gives.") }
        return id
    }
}
