import Core
import Foundation
import Postgres
import TestSupport
import Testing

/// The people of the table in docs/api.md: members of the tenant `acme` by role, and an outsider.
struct People: Sendable {
    let server: TestServer
    let outsider: String
    let reader: String
    let writer: String
    let admin: String

    var administrator: String { server.rootToken }

    /// A token such as no user has.
    static let stranger = "skep_000000000000000000000000000000000000000000"

    init(_ server: TestServer) async throws {
        self.server = server
        outsider = try await server.user("outsider")
        reader = try await server.user("reader")
        writer = try await server.user("writer")
        admin = try await server.user("owner")
        for (login, role) in [("reader", "read"), ("writer", "write"), ("owner", "admin")] {
            try await put(login, role)
        }
    }

    func put(_ login: String, _ role: String) async throws {
        let reply = try await server.request(
            "PUT", "/api/tenants/acme/members/\(login)", token: server.rootToken, json: #"{"role":"\#(role)"}"#)
        try #require(reply.status == 200, "\(reply.text)")
    }
}

extension TestServer {
    static let pipeline = "build:\n  image: busybox\n  commands: [echo hi]\n"

    /// Pushes a commit, and waits for its build.
    @discardableResult
    func push(_ repo: Repo, _ yaml: String = pipeline, branch: String = "main") async throws -> Int64 {
        try await git.commit([".drone.yml": yaml], to: repo.fullName, branch: branch)
        try await deliveriesAreHandled(repo)
        let newest = try await get("/api/repos/\(repo.fullName)/builds?limit=1", token: rootToken).array()
        return try #require(newest.first?["number"] as? Int64)
    }

    /// A new repository with one build, whose one job has ended well with this log.
    func builtRepo(_ fullName: String, log: [UInt8] = Array("+ echo hi\nhi\n".utf8)) async throws -> Repo {
        let repo = try await repo(fullName)
        try await push(repo)
        let agent = try await ScriptedAgent(self)
        let job = try await agent.start()
        if !log.isEmpty { try await agent.log(job, offset: 0, log) }
        let end = try await agent.finish(job, logSize: Int64(log.count))
        try #require(end.status == 204, "\(end.text)")
        return repo
    }

    /// A copy of build 1 that waits; its number.
    func waitingBuild(_ fullName: String) async throws -> Int64 {
        let copy = try await request("POST", "/api/repos/\(fullName)/builds/1?fork=true", token: rootToken)
        return try #require(try copy.object()["number"] as? Int64)
    }

    func cancel(_ fullName: String, _ build: Int64) async throws {
        let reply = try await request("DELETE", "/api/repos/\(fullName)/logs/\(build)/1", token: rootToken)
        try #require(reply.status == 204, "\(reply.text)")
    }

    /// Makes a waiting build one of a pull request from a fork, which nobody has approved yet.
    func holdBack(_ fullName: String, _ number: String) async throws {
        let build = """
            select b.id from builds b join repositories r on r.id = b.repo_id
            where r.owner || '/' || r.name = '\(fullName)' and b.number = \(number)
            """
        for sql in [
            "delete from queue where id in (select j.id from jobs j where j.build_id in (\(build)))",
            "update builds set event = 'pull_request', from_fork = true, approval = 'required', approval_by = '' where id in (\(build))",
        ] {
            _ = try await database.execute(Statement(name: "test: \(sql.prefix(20)) \(fullName) \(number)", sql: sql))
        }
    }

    func publish(_ fullName: String) async throws {
        let reply = try await request("PATCH", "/api/repos/\(fullName)", token: rootToken, json: #"{"private":false}"#)
        try #require(reply.status == 200, "\(reply.text)")
    }
}
