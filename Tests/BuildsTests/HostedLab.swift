import Builds
import Core
import Forge
import Foundation
import Queue
import Sealing
import Store
import Synchronization
import TestSupport

/// An engine with one repository on a fake GitHub, and nothing that works by itself.
struct HostedLab: Sendable {
    let lab: Lab
    let fake: FakeForge

    var repo: Repo { lab.repo }

    static func commit(_ digit: Character) -> String { String(repeating: digit, count: 40) }

    /// Sends what GitHub would, signed as it signs, and handles it. Answers what became of it.
    @discardableResult
    func deliver(_ event: String, _ fields: String, id: String = UUID().uuidString) async throws -> String {
        let receipt = try await receive(event, fields, id: id)
        try await lab.handleDeliveries()
        return try await lab.outcome(receipt)
    }

    func receive(_ event: String, _ fields: String, id: String = UUID().uuidString) async throws -> Receipt {
        let named = fields.contains(#""repository":"#) ? "" : #""repository":{"id":7,"full_name":"octo/hello"},"#
        let body = Array("{\(named)\(fields)}".utf8)
        let secret = fake.state.withLock { $0.repositories["octo/hello"]?.hooks.values.first?.secret ?? "" }
        let request = HookRequest(
            headers: [
                ("X-GitHub-Event", event), ("X-GitHub-Delivery", id),
                ("X-Hub-Signature-256", "sha256=\(HMAC.sha256(key: secret.utf8, data: body).hex)"),
            ],
            body: body)
        return try await lab.engine.receiveDelivery(request, forge: nil)
    }

    /// Tells of a change of the repository.
    func change(_ fields: String) async throws -> String { try await deliver("repository", fields) }

    func push(_ commit: Character, to ref: String = "refs/heads/main") async throws -> String {
        try await deliver("push", Self.push(commit, to: ref))
    }

    static func push(_ commit: Character, to ref: String = "refs/heads/main") -> String {
        let before = HostedLab.commit("0")
        return #""ref":"\#(ref)","before":"\#(before)","after":"\#(HostedLab.commit(commit))","pusher":{"name":"ada"}"#
    }

    static func pull(_ action: String, _ commit: Character, fromFork: Bool = false, merged: Bool = false) -> String {
        """
        "action":"\(action)","number":3,"pull_request":{"title":"A change","merged":\(merged),"user":{"login":"ada"},\
        "head":{"ref":"topic","sha":"\(HostedLab.commit(commit))","repo":{"id":\(fromFork ? 8 : 7)}},\
        "base":{"ref":"main","repo":{"id":7}}}
        """
    }

    static let repository =
        #""repository":{"id":7,"full_name":"NAME","name":"N","owner":{"id":OWNER},"private":PRIVATE}"#
}

/// Runs `body` with such a laboratory. Commits `1…` to `9…` have a file to build.
func withHostedLab(_ body: (HostedLab) async throws -> Void) async throws {
    try await FakeForge.with(.github) { fake in
        var repository = FakeForge.Repository()
        for digit in "123456789" {
            repository.commits[HostedLab.commit(digit)] = FakeForge.Commit(
                files: [".drone.yml": "build:\n  image: busybox\n  commands: [echo hi]\n"])
        }
        fake.state.withLock { $0.repositories["octo/hello"] = repository }
        try await withMigratedDatabase { _, database in
            let store = Store(database: database, keyRing: try KeyRing(text: KeyRing.generate(id: "test")))
            try await store.checkKeyRing()
            let id = try await store.ensureForge(name: "hub", kind: "github", url: fake.url, isDefault: true)
            let client = try fake.client()
            let engine = Engine(
                database: database, store: store, wakeUps: WakeUps(database: database, logger: .silent),
                forges: Forges([.init(id: id, name: "hub", kind: "github", isDefault: true, client: client)]),
                settings: .init(publicURL: "http://ci.example.com", version: "test"), logger: .silent)
            let root = try await engine.createUser(NewUser(login: "root", admin: true))
            let hash = Digest.sha256("root".utf8)
            _ = try await store.createToken(userID: root.id, name: "", hash: hash)
            let caller = try await store.caller(.token(hash: hash))
            try await store.createAgentToken(tenantID: nil, name: "", hash: hash)
            guard let agent = try await store.agentToken(hash: hash) else {
                throw NotInTime(description: "no agent token")
            }
            let repo = try await engine.activateRepo(RepoPath(owner: "octo", name: "hello"), by: caller)
            let lab = Lab(
                engine: engine, database: database, forge: ScriptedForge(), root: caller, rootHash: hash, agent: agent,
                repo: repo)
            try await lab.run("update repositories set allow_tags = true, allow_deploys = true, approval = 'none'")
            try await body(HostedLab(lab: lab, fake: fake))
        }
    }
}
