import AgentProtocol
import Builds
import Core
import Foundation
import Sealing
import Store
import Synchronization
import TestSupport
import Testing

/// A new key on servers that go on working.
@Suite struct RotationTests {
    fileprivate static let pipeline = """
        build:
          image: busybox
          environment: {OPENED: {from_secret: s1}}
          commands: [echo hi]
        """

    /// The order of docs/security.md with two servers, which are at different steps of it: the one still seals with the old key,
    /// the other with the new. Requests that need what is sealed run on both all the time, and none fails.
    @Test func aRotationUnderLoadFailsNoRequest() async throws {
        let old = try KeyRing.generate(id: "old")
        let opens = try KeyRing.adding(id: "new", to: old, asCurrent: false)
        let seals = Self.reversed(opens)
        try await withServer(ring: opens) { one in
            let repo = try await fill(one)
            try await one.withAnother(keyRing: try KeyRing(text: seals), workers: true) { two in
                let load = Load([one, two])
                let running = Task { try await load.run() }
                try await eventually(timeout: .seconds(180)) { load.requests > 30 }
                _ = try await rotate(two)
                let before = load.requests
                try await eventually(timeout: .seconds(180)) { load.requests > before + 30 }
                load.stop()
                try await running.value
                #expect(load.failures == [])
                #expect(load.requests > 60)
            }
            // Now no server seals with the old key.
            try await one.withAnother(keyRing: try KeyRing(text: seals)) { two in
                let end = try await rotate(two)
                #expect(end.isComplete)
                let left = try await two.store.use(ofKey: "old")
                #expect(!left.isUsed)
                let used = try await two.store.keysInUse()
                #expect(used == ["new"])
            }
            let new = String(seals.prefix { !$0.isNewline })
            try await one.withAnother(keyRing: try KeyRing(text: new)) { last in
                let opened = try await last.store.openSecrets(tenantID: repo.tenantID, repoID: repo.id)
                #expect(opened.count == 300)
                #expect(try await last.store.keyPairs(repoID: repo.id).count == 1)
                let path = try #require(RepoPath(owner: "acme", name: "app"))
                #expect(try await last.store.hookSecret(forge: "git", path: path) != nil)
            }
        }
    }

    /// Ended in the middle and started again, it does the rest.
    @Test func aRotationGoesOnWhereItWasEnded() async throws {
        let old = try KeyRing.generate(id: "old")
        try await withServer(workers: false, ring: old) { server in
            _ = try await fill(server)
            let store = Store(
                database: server.database,
                keyRing: try KeyRing(text: KeyRing.adding(id: "new", to: old, asCurrent: true)))
            let operations = Operations(store: store, actor: .operator("ada"))
            let ended = Task {
                try await operations.rotateKeys(batch: 10) { progress in
                    if progress.resealed >= 50 { withUnsafeCurrentTask { $0?.cancel() } }
                }
            }
            await #expect(throws: (any Error).self) { try await ended.value }
            let half = try await store.use(ofKey: "new")
            #expect(half.isUsed)
            #expect(try await store.keysInUse() == ["new", "old"])
            let rest = try await operations.rotateKeys { _ in }
            #expect(rest.isComplete && rest.resealed == 302 - half.counts.values.reduce(0, +))
            let nothing = try await operations.rotateKeys { _ in }
            #expect(nothing.isComplete && nothing.resealed == 0)
            let audit = try await server.get("/api/audit?actor=ada&action=key.rotated", token: server.rootToken).array()
            #expect((audit.first?["after"] as? [String: Any])?["resealed"] as? Int == rest.resealed)
        }
    }

    /// What somebody has changed by hand is told and left; the rest is done.
    @Test func whatCannotBeOpenedIsToldAndLeft() async throws {
        let old = try KeyRing.generate(id: "old")
        try await withServer(workers: false, ring: old) { server in
            _ = try await fill(server)
            try await server.database.run(
                "update secrets set value = set_byte(value, 20, 255 - get_byte(value, 20)) where id = 7")
            try await server.database.run("update secrets set value = 'short' where id = 9")
            let store = Store(
                database: server.database,
                keyRing: try KeyRing(text: KeyRing.adding(id: "new", to: old, asCurrent: true)))
            let end = try await Operations(store: store, actor: .system).rotateKeys { _ in }
            #expect(end.resealed == 300 && end.broken == ["secrets 7", "secrets 9"] && end.left == ["old"])
        }
    }

    /// A value that somebody stores while its row is being sealed anew stays.
    @Test func aChangeMeanwhileIsNotOverwritten() async throws {
        let old = try KeyRing.generate(id: "old")
        let new = try KeyRing.adding(id: "new", to: old, asCurrent: true)
        try await withServer(workers: false, ring: old) { server in
            let repo = try await fill(server)
            try await server.withAnother(keyRing: try KeyRing(text: new)) { two in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 1...300 {
                        group.addTask {
                            let reply = try await two.request(
                                "PATCH", "/api/repos/acme/app/secrets/s\(index)", token: two.rootToken,
                                json: #"{"value":"changed \#(index)"}"#)
                            #expect(reply.status == 200)
                        }
                    }
                    group.addTask { _ = try await rotate(two, batch: 20) }
                    try await group.waitForAll()
                }
                _ = try await rotate(two)
                let opened = try await two.store.openSecrets(tenantID: repo.tenantID, repoID: repo.id)
                #expect(Set(opened.map(\.value)) == Set((1...300).map { "changed \($0)" }))
            }
        }
    }

    @Test func aServerWithoutAKeyThatIsUsedDoesNotStart() async throws {
        let old = try KeyRing.generate(id: "old")
        try await withServer(workers: false, ring: old) { server in
            let other = Store(database: server.database, keyRing: try KeyRing(text: KeyRing.generate(id: "new")))
            try await other.checkKeyRing()
            _ = try await server.repo("acme/app")
            await #expect(throws: SealingError.unknownKey("old")) { try await other.checkKeyRing() }
            let wrong = Store(database: server.database, keyRing: try KeyRing(text: KeyRing.generate(id: "old")))
            await #expect(throws: SealingError.wrongKey("old")) { try await wrong.checkKeyRing() }
        }
    }

    // -----------------------------------------------------------------------------------------------------------

    /// A repository whose builds need a secret, and 300 secrets.
    private func fill(_ server: TestServer) async throws -> Repo {
        let repo = try await server.repo("acme/app", files: [".drone.yml": Self.pipeline])
        let place = SecretPlace(tenantID: repo.tenantID, repoID: repo.id)
        for index in 1...300 {
            let secret = NamedSecret(name: "s\(index)", value: "value \(index)", events: [.push], images: [])
            _ = try await server.store.createSecret(place, secret, by: "root")
        }
        return repo
    }

    private func rotate(_ server: TestServer, batch: Int = 50) async throws -> RotationProgress {
        try await Operations(store: server.store, actor: .operator("ada")).rotateKeys(batch: batch) { _ in }
    }

    private static func reversed(_ ring: String) -> String {
        ring.split(separator: "\n").reversed().joined(separator: "\n")
    }
}

/// Requests that seal or open, on several servers in turn.
private final class Load: Sendable {
    private let servers: [TestServer]
    private let state = Mutex((requests: 0, stopped: false, failures: [String]()))

    init(_ servers: [TestServer]) {
        self.servers = servers
    }

    var requests: Int { state.withLock { $0.requests } }
    var failures: [String] { state.withLock { $0.failures } }

    func stop() { state.withLock { $0.stopped = true } }

    func run() async throws {
        try await servers[0].push(try await repo(), RotationTests.pipeline)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.loop(self.encrypt) }
            for _ in 0..<3 { group.addTask { try await self.loop(self.change) } }
            group.addTask { try await self.loop(self.claim) }
            group.addTask { try await self.loop(self.deliver) }
            try await group.waitForAll()
        }
    }

    private func loop(_ request: (TestServer, Int) async throws -> String?) async throws {
        var count = 0
        while !state.withLock({ $0.stopped }) {
            let failure = try await request(servers[count % servers.count], count)
            count += 1
            state.withLock { state in
                state.requests += 1
                if let failure { state.failures.append(failure) }
            }
        }
    }

    private func encrypt(_ server: TestServer, _ count: Int) async throws -> String? {
        let reply = try await server.request(
            "POST", "/api/repos/acme/app/encrypt", token: server.rootToken, body: Array("A: \(count)\n".utf8))
        return reply.status == 200 ? nil : "encrypt: \(reply.text)"
    }

    private func change(_ server: TestServer, _ count: Int) async throws -> String? {
        let reply = try await server.request(
            "PATCH", "/api/repos/acme/app/secrets/s\(1 + Int.random(in: 0..<300))", token: server.rootToken,
            json: #"{"value":"changed \#(count)"}"#)
        return reply.status == 200 ? nil : "change: \(reply.text)"
    }

    /// A job whose plan has an opened secret.
    private func claim(_ server: TestServer, _ count: Int) async throws -> String? {
        let copy = try await server.request(
            "POST", "/api/repos/acme/app/builds/1?fork=true", token: server.rootToken)
        guard copy.status == 202 else { return "fork: \(copy.text)" }
        let agent = try await ScriptedAgent(server)
        guard let job = try await agent.claim(wait: 10) else { return "no job came" }
        let opened = job.plan.steps.first?.environment["OPENED"] ?? ""
        _ = try await agent.heartbeat(job)
        let end = try await agent.finish(job)
        let isRight = opened.hasPrefix("value") || opened.hasPrefix("changed")
        return isRight && end.status == 204 ? nil : "claim: \(opened) \(end.status) \(job.notes)"
    }

    /// A delivery, whose signature is checked with a sealed secret.
    private func deliver(_ server: TestServer, _ count: Int) async throws -> String? {
        let hash = String(repeating: "a", count: 40)
        let reply = try await server.deliver(
            "acme/app", ref: "refs/notes/\(count)", before: hash, after: hash, id: "load-\(UUID().uuidString)")
        return reply.status == 202 ? nil : "deliver: \(reply.text)"
    }

    private func repo() async throws -> Repo {
        let path = RepoPath(forge: nil, owner: "acme", name: "app")
        let hash = Digest.sha256(servers[0].rootToken.utf8)
        return try await servers[0].store.access(RepoScope(credentials: .token(hash: hash), path: path)).repo
    }
}
