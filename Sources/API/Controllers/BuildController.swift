import Builds
import Core
import HTTPTypes
import Hummingbird
import Store

/// Builds of a repository.
struct BuildController: Sendable {
    let engine: Engine

    func list(_ request: Request, _ context: ReadContext) async throws -> Response {
        let page = try await engine.store.readBuilds(context.scope, try filter(request))
        var json = JSONWriter(capacity: 64 + page.builds.count * 1024)
        json.array(page.builds) { $0.build($1) }
        var response = Response(json)
        if let next = page.next { response.link(next: request, "before", String(next)) }
        return response
    }

    func get(_ request: Request, _ context: ReadContext) async throws -> Response {
        respond(try await engine.store.readBuild(context.scope, number: try context.number("number")))
    }

    func latest(_ request: Request, _ context: ReadContext) async throws -> Response {
        respond(try await engine.store.readLatestBuild(context.scope, branch: request.query("branch")))
    }

    /// Restarts a build, or with `?fork=true` makes a new one of the same commit.
    func restart(_ request: Request, _ context: PushContext) async throws -> Response {
        let number: Int64 = try context.number("number")
        let fork =
            try request.flag("fork") ? Fork(event: try request.event(), deployTo: request.query("deploy_to")) : nil
        return try await once {
            if let fork { return try await engine.forkBuild(context.access, number: number, fork) }
            return try await engine.restartBuild(context.access, number: number)
        } answer: { build in
            respond(build, status: .accepted)
        }
    }

    func approve(_ request: Request, _ context: PushContext) async throws -> Response {
        let (access, number) = (context.access, try context.number("number") as Int64)
        return respond(
            try await engine.approveBuild(access, number: number, by: try access.somebody()), status: .accepted)
    }

    func decline(_ request: Request, _ context: PushContext) async throws -> Response {
        let (access, number) = (context.access, try context.number("number") as Int64)
        return respond(
            try await engine.declineBuild(access, number: number, by: try access.somebody()), status: .accepted)
    }

    private func filter(_ request: Request) throws -> BuildFilter {
        var filter = BuildFilter()
        filter.limit = try request.integer("limit", in: 1...100) ?? 50
        filter.before = try request.integer("before", in: 1...Int64.max) ?? .max
        filter.branch = request.query("branch")
        filter.event = try request.event()
        filter.status = try request.query("status").map { text in
            guard let status = Status(rawValue: text), status != .unknown, status != .skipped else {
                throw Refusal.invalid("status must be pending, running, success, failure, killed or error.")
            }
            return status
        }
        return filter
    }

    private func respond(_ build: BuildWithJobs, status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter(capacity: 1024 + build.jobs.count * 256)
        json.build(build)
        return Response(json, status: status)
    }
}

extension Request {
    fileprivate func event() throws -> Event? {
        guard let text = query("event") else { return nil }
        guard let event = Event(rawValue: text), event != .unknown else {
            throw Refusal.invalid("event must be push, pull_request, tag or deployment.")
        }
        return event
    }
}
