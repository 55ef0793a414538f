import Core
import Foundation
import Synchronization
import Testing

@testable import Forge

/// What a delivery was answered, in turn, and what it was given.
private final class Receiver: Sendable {
    private struct State {
        var replies: [Int?]
        var requests: [HookRequest] = []
        var lines: [String] = []
        var running = 0
        var most = 0
    }
    private let state: Mutex<State>
    private let hangs: Bool

    /// The last reply is repeated. nil: no answer.
    init(_ replies: Int?..., hangs: Bool = false) {
        state = Mutex(State(replies: replies))
        self.hangs = hangs
    }

    var ids: [String] { state.withLock { $0.requests.compactMap { $0[header: "X-Skep-Delivery"] } } }
    var requests: [HookRequest] { state.withLock { $0.requests } }
    var lines: [String] { state.withLock { $0.lines } }
    var most: Int { state.withLock { $0.most } }

    func run(_ sandbox: GitSandbox, limit: Duration = .seconds(30)) async -> Int32 {
        await SpoolDelivery.run(gitDir: sandbox.bare, limit: limit, send: { try await self.receive($0, $1) }, say: say)
    }

    private func say(_ line: String) { state.withLock { $0.lines.append(line) } }

    private func receive(_ url: String, _ request: HookRequest) async throws -> SpoolReply {
        let (status, count) = state.withLock { state in
            state.requests.append(request)
            state.running += 1
            state.most = max(state.most, state.running)
            return (state.replies.count > 1 ? state.replies.removeFirst() : state.replies[0], state.requests.count)
        }
        defer { state.withLock { $0.running -= 1 } }
        await Task.yield()
        if hangs { try await Task.sleep(for: .seconds(600)) }
        guard let status else { throw CancellationError() }
        let body = status < 300 ? #"{"delivery":\#(count)}"# : #"{"code":"x","message":"no such\nrepository"}"#
        return SpoolReply(status: status, body: Array(body.utf8))
    }
}

@Suite struct SpoolDeliveryTests {
    private func activated() async throws -> GitSandbox {
        let sandbox = try await GitSandbox()
        try await sandbox.forge.installHook(sandbox.target)
        return sandbox
    }

    @Test func sendsOldestFirstAndSigned() async throws {
        let sandbox = try await activated()
        let second = try sandbox.spool(1_700_000_002, ref: "refs/heads/two")
        let first = try sandbox.spool(1_700_000_001, ref: "refs/heads/one")
        let receiver = Receiver(202)
        #expect(await receiver.run(sandbox) == 0)
        #expect(receiver.ids == [first, second])
        #expect(receiver.lines == ["accepted, delivery 1", "accepted, delivery 2"])
        #expect(sandbox.spool.names() == [])
        let request = try #require(receiver.requests.first)
        let identity = try sandbox.forge.identify(request)
        #expect(identity == HookIdentity(repo: sandbox.path, deliveryID: first, event: "push"))
        let change = RefChange(ref: "refs/heads/one", before: nil, after: String(repeating: "a", count: 40))
        let date = Date(timeIntervalSince1970: 1_700_000_001)
        #expect(try sandbox.forge.parse(request, secret: sandbox.target.secret) == .refs([change], pushedAt: date))
    }

    @Test(arguments: [nil, 500, 503, 408, 425, 429, 301])
    func keepsWhatMayPass(status: Int?) async throws {
        let sandbox = try await activated()
        let ids = try [1, 2, 3].map { try sandbox.spool(1_700_000_000 + $0) }
        let receiver = Receiver(200, status)
        #expect(await receiver.run(sandbox) == 1)
        #expect(receiver.ids == [ids[0], ids[1]])
        let reason = status.map { "http://ci.test/hook answered \($0)" } ?? "could not reach http://ci.test/hook"
        #expect(receiver.lines == ["accepted, delivery 1", "\(reason); 2 pushes are kept, will be retried"])
        let later = Receiver(202)
        #expect(await later.run(sandbox) == 0)
        #expect(later.ids == [ids[1], ids[2]])
    }

    @Test(arguments: [400, 401, 404, 409, 413]) func setsAsideWhatIsRefused(status: Int) async throws {
        let sandbox = try await activated()
        let ids = try [1, 2].map { try sandbox.spool(1_700_000_000 + $0) }
        let receiver = Receiver(status, 202)
        #expect(await receiver.run(sandbox) == 0)
        #expect(receiver.ids == ids)
        #expect(receiver.lines == ["refused: \(status), no such repository", "accepted, delivery 2"])
        let left = Files.names(in: sandbox.spool.folder)
        #expect(left == ["1700000001.000000000-\(ids[0]).refused"])
        let text = try String(contentsOfFile: "\(sandbox.spool.folder)/\(left[0])", encoding: .utf8)
        #expect(text.hasSuffix(" refs/heads/main\n# \(status), no such repository\n"))
    }

    @Test func setsAsideWhatIsNoPush() async throws {
        let sandbox = try await activated()
        let folder = "git/octocat/hello-world.git/skep/spool"
        try sandbox.write([], to: "\(folder)/1-a.push")
        try sandbox.write(Array("x y z\n".utf8), to: "\(folder)/2-b.push")
        try sandbox.write(Array("half".utf8), to: "\(folder)/3-c.tmp")
        let receiver = Receiver(202)
        #expect(await receiver.run(sandbox) == 0)
        #expect(receiver.ids == [])
        #expect(Files.names(in: sandbox.spool.folder) == ["1-a.refused", "2-b.refused", "3-c.tmp"])
    }

    @Test func eachIsSentOnceHoweverManyDeliver() async throws {
        let sandbox = try await activated()
        let ids = try (1...20).map { try sandbox.spool(1_700_000_000 + $0) }
        let receiver = Receiver(202)
        await withTaskGroup(of: Int32.self) { group in
            for _ in 1...8 { group.addTask { await receiver.run(sandbox) } }
            for await code in group { #expect(code == 0) }
        }
        #expect(receiver.ids == ids)
        #expect(receiver.most == 1)
    }

    @Test func aServerThatHangsDoesNotHoldUpThePush() async throws {
        let sandbox = try await activated()
        _ = try sandbox.spool(1_700_000_001)
        let receiver = Receiver(202, hangs: true)
        let start = ContinuousClock.now
        #expect(await receiver.run(sandbox, limit: .milliseconds(200)) == 1)
        #expect(ContinuousClock.now - start < .seconds(20))
        #expect(receiver.lines.count == 1)
        #expect(receiver.lines.first?.hasSuffix("kept, will be retried") == true)
        #expect(sandbox.spool.names().count == 1)
        // The lock is free again.
        #expect(await Receiver(202).run(sandbox) == 0)
    }

    @Test func withoutHookThereIsNothingToDo() async throws {
        let sandbox = try await GitSandbox()
        let receiver = Receiver(202)
        #expect(await receiver.run(sandbox) == 0)
        #expect(receiver.lines == [])
    }

    @Test func nobodyListens() async throws {
        let sandbox = try await activated()
        // Port 1 is nobody's.
        try HookConfiguration(repository: "o/n", url: "http://127.0.0.1:1/hook?token=x", secret: "s").write(
            in: sandbox.bare)
        _ = try sandbox.spool(1_700_000_001)
        let lines = Mutex<[String]>([])
        let code = await SpoolDelivery.run(gitDir: sandbox.bare, say: { line in lines.withLock { $0.append(line) } })
        #expect(code == 1)
        #expect(lines.withLock { $0 } == ["could not reach http://127.0.0.1:1/hook; kept, will be retried"])
    }

    @Test func theServerDrainsWhatIsLeft() async throws {
        let sandbox = try await activated()
        #expect(sandbox.forge.repositoriesWithSpool() == [])
        let ids = try [1, 2, 3].map { try sandbox.spool(1_700_000_000 + $0) }
        #expect(sandbox.forge.repositoriesWithSpool() == [sandbox.path])

        var seen: [String] = []
        await sandbox.forge.drainSpools { request in
            seen.append(try sandbox.forge.identify(request).deliveryID)
            if seen.count == 3 { throw ForgeError(.system, "database is away") }
            return seen.count == 1
        }
        #expect(seen == ids)
        #expect(Files.names(in: sandbox.spool.folder).map { $0.split(separator: ".").last } == ["refused", "push"])

        await sandbox.forge.drainSpools { request in
            _ = try sandbox.forge.parse(request, secret: sandbox.target.secret)
            // A second drain meanwhile finds the lock taken and passes on.
            await sandbox.forge.drainSpools { _ in
                Issue.record("delivered twice")
                return true
            }
            return true
        }
        #expect(sandbox.forge.repositoriesWithSpool() == [])
    }
}
