import AgentProtocol
import Core
import Foundation
import LogStream
import Postgres
import Sealing
import Store
import TestSupport
import Testing

/// Tenants, people, tokens and builds at random in a server's database, and the model of them. Everything in them has a marker.
final class TenancyWorld {
    let server: TestServer
    var model = TenancyModel()
    var dice: Dice
    /// Whose rows the requests may have changed since the last look.
    var touched: Set<TenancyOwner> = []
    private let pair: KeyPair
    private var hubID: Int64 = 0

    init(_ server: TestServer, seed: UInt64) async throws {
        self.server = server
        dice = Dice(seed: seed)
        pair = try await KeyPair.generated()
        for _ in 1...4 { try await addTenant() }
        try await addNamesake()
        for _ in 1...dice.number(8...12) { try await addPerson() }
        for _ in 1...2 { try await addPerson(isAdministrator: true) }
        for tenant in sorted(model.tenants) {
            for _ in 1...dice.number(1...3) { try await addServiceAccount(of: tenant) }
        }
        for account in sorted(model.accounts) {
            for _ in 1...dice.number(1...4) { try await addToken(of: account) }
        }
        try await runBuilds()
    }

    func sorted<T>(_ things: [Int64: T]) -> [T] {
        things.keys.sorted().compactMap { things[$0] }
    }

    func run(_ sql: String, _ parameters: [Parameter] = []) async throws -> Int64? {
        try await server.database.first(Statement(name: "test: \(sql)", sql: sql), parameters)?.decode(at: 0)
    }

    // Tenants and repositories -----------------------------------------------------------------------------------

    private func addTenant() async throws {
        let name = "team-\(dice.marker().dropFirst(2))"
        let made = try await addTenant(name, nil, forgeID: 1)
        if model.tenants.count == 1 { try await addRepo(of: made, name: Self.sharedName) }
        for _ in 1...dice.number(2...3) { try await addRepo(of: made) }
        try await fill(made)
        let spare = "spare-\(dice.marker())"
        try await server.git.create("\(name)/\(spare)")
        model.waitingRepos.append((made.id, spare))
    }

    /// A tenant and a repository that are named as others are, on another forge, where members have no rights as such.
    private func addNamesake() async throws {
        guard let first = sorted(model.tenants).first else { return }
        hubID = try await server.store.ensureForge(name: "hub", kind: "github", url: "", isDefault: false)
        let made = try await addTenant(first.plainName, "hub", forgeID: hubID)
        try await addRepo(of: made, name: Self.sharedName)
        try await addRepo(of: made)
        try await fill(made)
    }

    private static let sharedName = "namesake"

    private func addTenant(_ name: String, _ forge: String?, forgeID: Int64) async throws -> TenancyModel.Tenant {
        let tenant = try await server.store.ensureTenant(forgeID: forgeID, forgeOwnerID: name, name: name).tenant
        let made = TenancyModel.Tenant(id: tenant.id, forge: forge, plainName: name, marker: dice.marker())
        model.tenants[made.id] = made
        _ = try await run(
            "update tenants set display_name = $2 where id = $1 returning id", [.int(made.id), .text(made.marker)])
        // Half of it is not added up yet.
        _ = try await run(
            """
            with outbox as (insert into usage_outbox (tenant_id, at, builds) values ($1, '2020-01-15', $1))
            insert into tenant_usage (tenant_id, month, builds) values ($1, '2020-01-01', 1000) returning tenant_id
            """, [.int(made.id)])
        return made
    }

    /// Secrets and agents.
    private func fill(_ made: TenancyModel.Tenant) async throws {
        try await addSecret(SecretPlace(tenantID: made.id), "SHARED", made.marker)
        try await addSecret(SecretPlace(tenantID: made.id), "OF_\(made.marker)", made.marker)
        for agent in [made.id, nil] {
            let token = try await server.agentToken(tenantID: agent)
            if agent != nil || model.agents.count < 3 { model.agents.append(.init(token: token, tenantID: agent)) }
        }
    }

    func addRepo(of tenant: TenancyModel.Tenant, name: String? = nil) async throws {
        let marker = dice.marker()
        let id = try await server.store.nextRepoID()
        let repo = TenancyModel.Repo(
            id: id, tenantID: tenant.id, owner: tenant.name, name: name ?? "repo-\(marker)", marker: marker,
            isPrivate: !dice.once(in: 3), lastBuild: 1, hookSecret: "hook-\(marker)",
            publicKey: pair.sshPublicKey)
        _ = try await server.store.createRepo(
            NewRepo(
                id: id, tenantID: tenant.id, forgeID: tenant.forge == nil ? 1 : hubID, forgeRepoID: repo.marker,
                owner: tenant.plainName, name: repo.name,
                avatarURL: "http://127.0.0.1/\(marker).png", linkURL: "http://127.0.0.1/\(marker)",
                cloneURL: "/srv/\(marker)", defaultBranch: repo.defaultBranch, isPrivate: repo.isPrivate,
                hookSecret: Array(repo.hookSecret.utf8), activatedBy: marker))
        try await server.store.createKeyPair(repoID: id, pair)
        model.repos[id] = repo
        try await addBuild(repo)
        try await addSecret(SecretPlace(tenantID: tenant.id, repoID: id), "OF_\(marker)", marker)
        if dice.once(in: 2) { try await addSecret(SecretPlace(tenantID: tenant.id, repoID: id), "SHARED", marker) }
    }

    func addSecret(_ place: SecretPlace, _ name: String, _ marker: String) async throws {
        let secret = NamedSecret(
            name: name, value: "value-\(marker)", events: [.push, .pullRequest, .tag, .deployment], images: [])
        _ = try await server.store.createSecret(place, secret, by: "")
        model.secrets[place, default: []].insert(name)
    }

    /// Build 1, which has ended.
    private func addBuild(_ repo: TenancyModel.Repo) async throws {
        let yaml = """
            build:
              image: busybox
              secrets: [SHARED]
              environment: {MARK: \(repo.marker)}
              commands: [echo \(repo.marker)]
            """
        let made = try await run(
            TenancyRows.build,
            [
                .int(repo.id), .bytes(Digest.sha256(yaml.utf8)), .bytes(Array(yaml.utf8)), .text(repo.defaultBranch),
                .text(repo.marker), .json(#"{"MARK":"\#(repo.marker)"}"#),
            ])
        let segment = Segment(offset: 0, step: 1, output: Array("the log of \(repo.marker)\n".utf8))
        let attempt = try await run(
            TenancyRows.attempt, [.int(made), .int(segment.length), .text("step-\(repo.marker)")])
        _ = try await run(
            TenancyRows.segment,
            [.int(attempt), .int(segment.length), .int(Int64(segment.crc32)), .bytes(segment.data)])
    }

    /// In each repository a build that runs and one that waits; of some, the running one has ended.
    private func runBuilds() async throws {
        for _ in 1...2 {
            for repo in sorted(model.repos) { try await startBuild(of: repo) }
            for index in model.agents.indices where model.agents[index].tenantID != nil {
                try await claimAll(index)
            }
        }
    }

    func startBuild(of repo: TenancyModel.Repo) async throws {
        let path = "/api/repos/\(repo.path)/builds/1?fork=true"
        let reply = try await server.request("POST", path, token: server.rootToken)
        try #require(reply.status == 202, "\(reply.text)")
        model.repos[repo.id]?.lastBuild += 1
    }

    private func claimAll(_ index: Int) async throws {
        let agent = try await ScriptedAgent(server, token: model.agents[index].token)
        while let job = try await agent.claim() {
            _ = try await agent.heartbeat(job)
            let token = try await claimed(job, index)
            guard dice.once(in: 3) else { continue }
            try #require(try await agent.finish(job, .success).status == 204)
            model.revoke(token)
        }
    }

    /// Notes a job that an agent has, and its token, whose id it answers.
    @discardableResult
    func claimed(_ job: ClaimedJob, _ agent: Int) async throws -> Int64 {
        let text = try #require(job.plan.steps.first?.environment["CI_TOKEN"])
        let row = try await run("select id from access_tokens where attempt_id = $1", [.int(job.attemptID)])
        let id = try #require(row)
        let repo = model.repos.values.first { job.clone.remote.contains($0.marker) }
        model.tokens[id] = TenancyModel.Token(
            id: id, text: text, repoID: repo?.id ?? 0, attemptID: job.attemptID, level: .none)
        model.agents[agent].attempts.append(job.attemptID)
        return id
    }
}
