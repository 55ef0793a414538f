import AgentProtocol
import Builds
import Core
import Forge
import Foundation
import LogStream
import Logging
import Postgres
import Queue
import Sealing
import Store
import TestSupport

/// An engine on a migrated database and a scripted forge, with one repository and nothing that works by itself.
struct Lab: Sendable {
    let engine: Engine
    let database: Database
    let forge: ScriptedForge
    let root: Caller
    let rootHash: [UInt8]
    let agent: AgentToken
    let repo: Repo

    var store: Store { engine.store }
    var scope: RepoScope { RepoScope(credentials: .token(hash: rootHash), path: repo.path) }

    func access() async throws -> Access { try await store.access(scope) }

    func build(_ number: Int64) async throws -> BuildWithJobs { try await store.readBuild(scope, number: number) }

    // Deliveries ------------------------------------------------------------------------------------------------

    @discardableResult
    func deliver(_ changes: RefChange..., id: String) async throws -> Receipt {
        let zero = String(repeating: "0", count: 40)
        let refs = changes.map {
            #"{"after":"\#($0.after ?? zero)","before":"\#($0.before ?? zero)","ref":\#($0.ref.asJSON)}"#
        }
        let body = Array(
            #"{"refs":[\#(refs.joined(separator: ","))],"repository":{"full_name":"\#(repo.fullName)"}}"#.utf8)
        let secret = try await store.hookSecret(forge: "git", path: repo.path)?.secret ?? []
        let headers = [
            ("X-Skep-Event", "push"), ("X-Skep-Delivery", id),
            ("X-Skep-Signature-256", "sha256=\(HMAC.sha256(key: secret, data: body).hex)"),
        ]
        return try await engine.receiveDelivery(.init(headers: headers, body: body), forge: nil)
    }

    /// Handles deliveries until none is due.
    func handleDeliveries() async throws {
        while try await engine.handleNextDeliveries() {}
    }

    /// A push of a new commit to `main`, handled. Answers the number of its build.
    @discardableResult
    func push(_ commit: String = Self.commit(Int.random(in: 1...Int.max))) async throws -> Int64 {
        try await deliver(RefChange(ref: "refs/heads/main", before: nil, after: commit), id: UUID().uuidString)
        try await handleDeliveries()
        return try await number("select last_number from build_counters where repo_id = \(repo.id)")
    }

    /// What became of a delivery, such as `built {1}` or `ignored {} the reason`.
    func outcome(_ receipt: Receipt) async throws -> String {
        try await text(
            "select concat_ws(' ', outcome, builds, nullif(reason, '')) from deliveries where id = \(receipt.delivery)")
    }

    static func commit(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 40 - digits.count) + digits
    }

    // Agents ----------------------------------------------------------------------------------------------------

    func claim() async throws -> ClaimedJob? {
        let request = ClaimRequest(agent: "one", labels: ["os": "linux", "arch": "amd64"], slots: 1, wait: 0)
        return try await engine.claimJob(request, token: agent, address: "test")
    }

    /// Claims a job, which must be there.
    func claimed() async throws -> ClaimedJob {
        guard let job = try await claim() else { throw NotInTime(description: "no job waits") }
        return job
    }

    /// Claims and starts a job, which must be there.
    func started() async throws -> ClaimedJob {
        let job = try await claimed()
        _ = try await heartbeat(job)
        return job
    }

    func heartbeat(_ job: ClaimedJob) async throws -> HeartbeatReply {
        try await engine.heartbeat(attemptID: job.attemptID, token: agent)
    }

    func log(_ job: ClaimedJob, at offset: Int64, _ text: String) async throws {
        let segment = Segment(offset: offset, step: 1, output: Array(text.utf8))
        try await engine.appendLog(attemptID: job.attemptID, token: agent, segment)
    }

    func step(_ job: ClaimedJob, _ status: Status) async throws {
        let update = StepUpdate(number: 1, status: status, exitCode: 0, startedAt: nil, finishedAt: nil)
        try await engine.updateStep(attemptID: job.attemptID, token: agent, update)
    }

    func finish(_ job: ClaimedJob, _ status: Status = .success, logSize: Int64 = 0, error: String = "") async throws {
        let end = JobEnd(status: status, exitCode: status == .success ? 0 : 1, error: error, logSize: logSize)
        try await engine.finishJob(attemptID: job.attemptID, token: agent, end)
    }

    /// Makes every lease run out now, and rescues what had it. Answers how many.
    func loseAgents() async throws -> Int {
        try await run("update leases set expires_at = clock_timestamp() - interval '1 second'")
        return try await engine.rescueJobs()
    }

    /// The log of an attempt, put together from its segments in the database.
    func log(build: Int64, job: Int = 1, attempt: Int? = nil) async throws -> String {
        var request = LogRequest(build: build, job: job, attempt: attempt)
        request.segments = 1000
        let segments = try await store.readLog(scope, request)?.segments ?? []
        return String(decoding: try segments.flatMap { try $0.output() }, as: UTF8.self)
    }

    // SQL -------------------------------------------------------------------------------------------------------

    @discardableResult
    func run(_ sql: String) async throws -> Int {
        try await database.execute(Statement(name: "test: \(sql.prefix(60))", sql: sql))
    }

    func number(_ sql: String) async throws -> Int64 {
        try await database.first(Statement(name: "test: \(sql.prefix(60))", sql: sql))?.decode(at: 0) ?? -1
    }

    func text(_ sql: String) async throws -> String {
        try await database.first(Statement(name: "test: \(sql.prefix(60))", sql: "select (\(sql))::text"))?.decode(
            at: 0) ?? ""
    }
}

/// Runs `body` with a laboratory of its own.
func withLab(_ body: (Lab) async throws -> Void) async throws {
    try await withMigratedDatabase { _, database in
        let store = Store(database: database, keyRing: try KeyRing(text: KeyRing.generate(id: "test")))
        try await store.checkKeyRing()
        let forge = ScriptedForge()
        let id = try await store.ensureForge(name: "git", kind: "git", url: "", isDefault: true)
        let engine = Engine(
            database: database, store: store, wakeUps: WakeUps(database: database, logger: .silent),
            forges: Forges([.init(id: id, name: "git", kind: "git", isDefault: true, client: forge)]),
            settings: .init(publicURL: "http://ci.example.com", version: "test"), logger: .silent)
        let root = try await engine.createUser(NewUser(login: "root", admin: true))
        let hash = Digest.sha256("root".utf8)
        _ = try await store.createToken(userID: root.id, name: "", hash: hash)
        let caller = try await store.caller(.token(hash: hash))
        try await store.createAgentToken(tenantID: nil, name: "", hash: hash)
        guard let agent = try await store.agentToken(hash: hash) else { throw NotInTime(description: "no agent token") }
        let repo = try await engine.activateRepo(RepoPath(forge: nil, owner: "octo", name: "hello"), by: caller)
        try await body(
            Lab(
                engine: engine, database: database, forge: forge, root: caller, rootHash: hash, agent: agent, repo: repo
            ))
    }
}
