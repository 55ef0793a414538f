import Core
import Forge
import Foundation
import Synchronization
import TestSupport
import Testing

/// What Skep asks of forges with an API, against one of each kind.
@Suite struct HostedForgeTests {
    private static let one = String(repeating: "1", count: 40)
    private static let two = String(repeating: "2", count: 40)
    private let path = RepoPath(forge: nil, owner: "octo", name: "hello")

    private func withForge(
        _ kind: FakeForge.Kind, at path: String = "octo/hello",
        _ body: @Sendable (FakeForge, any HostedForge) async throws -> Void
    ) async throws {
        try await FakeForge.with(kind) { fake in
            var repository = FakeForge.Repository()
            repository.isPrivate = true
            repository.levels = ["ada": "write"]
            repository.commits[Self.one] = FakeForge.Commit(files: [".drone.yml": "build: {}\n"])
            repository.commits[Self.two] = FakeForge.Commit(
                message: "Title\n\nBody\n", files: ["big": String(repeating: "x", count: ForgeLimits.file + 1)],
                changed: ["b", "a"])
            fake.state.withLock { $0.repositories[path] = repository }
            try await body(fake, fake.client())
        }
    }

    @Test(arguments: FakeForge.Kind.allCases)
    func describesRepositoriesCommitsAndFiles(kind: FakeForge.Kind) async throws {
        try await withForge(kind) { fake, forge in
            let found = try #require(try await forge.repository(at: path))
            #expect(found.owner == "octo" && found.name == "hello")
            #expect(found.forgeRepoID == "7" && found.forgeTenantID == "3")
            #expect(found.isPrivate && found.defaultBranch == "trunk")
            #expect(found.cloneURL == "\(fake.url)/octo/hello.git")
            #expect(try await forge.repository(at: RepoPath(owner: "octo", name: "none")) == nil)
            let commit = try #require(try await forge.commit(Self.two, in: path))
            #expect(commit.title == "Title" && commit.message == "Title\n\nBody")
            #expect(commit.authorName == "Ada" && commit.authorEmail == "ada@example.com")
            #expect(commit.timestamp == Date(timeIntervalSince1970: 1_714_979_289))
            #expect(try await forge.commit(String(repeating: "9", count: 40), in: path) == nil)
            #expect(try await forge.file(".drone.yml", at: Self.one, in: path) == Array("build: {}\n".utf8))
            #expect(try await forge.file(".drone.sec", at: Self.one, in: path) == nil)
            let snapshot = try #require(try await forge.snapshot(of: Self.two, files: ["big", "none"], in: path))
            #expect(snapshot.files == [.tooLarge, .none])
            #expect(try await forge.changedPaths(from: Self.one, to: Self.two, in: path) == ["a", "b"])
            #expect(try await forge.level(of: "ada", in: path) == .write)
            #expect(try await forge.level(of: "eve", in: path) == .none)
        }
    }

    @Test func aSubgroupsTenantIsTheTopGroup() async throws {
        try await withForge(.gitlab, at: "top/sub/deep/name") { fake, forge in
            let path = RepoPath(forge: nil, owner: "top/sub/deep", name: "name")
            let found = try #require(try await forge.repository(at: path))
            #expect(found.owner == "top/sub/deep" && found.name == "name")
            #expect(found.forgeTenantID == "3")
            let list = try await forge.repositories(of: fake.token)
            #expect(list.map(\.repository.owner) == ["top/sub/deep"])
            #expect(list.map(\.level) == [.admin])
            #expect(fake.state.withLock { $0.asked }.contains { $0.contains("/projects/top%2Fsub%2Fdeep%2Fname") })
        }
    }

    @Test(arguments: FakeForge.Kind.allCases)
    func hooksAreMadeReplacedAndTakenBack(kind: FakeForge.Kind) async throws {
        try await withForge(kind) { fake, forge in
            fake.state.withLock { $0.repositories["octo/hello"]?.hooks[90] = ("http://other/hook", "theirs") }
            let url = "http://ci.example.com/hook"
            for secret in ["s1", "s2"] {
                try await forge.installHook(HookTarget(path: path, url: url, secret: secret))
                let hooks = fake.state.withLock { $0.repositories["octo/hello"]?.hooks ?? [:] }
                #expect(hooks.count == 2)
                #expect(hooks.values.contains { $0.url == url && $0.secret == secret })
            }
            for _ in 1...2 { try await forge.removeHook(at: path) }
            let left = fake.state.withLock { $0.repositories["octo/hello"]?.hooks ?? [:] }
            #expect(left.keys.sorted() == [90] && left[90]?.secret == "theirs")
            await #expect {
                try await forge.installHook(HookTarget(path: RepoPath(owner: "o", name: "n"), url: url, secret: "s"))
            } throws: {
                ($0 as? ForgeError)?.code == .noRepository
            }
        }
    }

    @Test(arguments: FakeForge.Kind.allCases)
    func listsComeInPages(kind: FakeForge.Kind) async throws {
        try await FakeForge.with(kind) { fake in
            for number in 0..<230 {
                fake.state.withLock { $0.repositories["octo/r\(1000 + number)"] = FakeForge.Repository() }
            }
            let list = try await fake.client().repositories(of: fake.token)
            #expect(list.map(\.repository.name) == (1000..<1230).map { "r\($0)" })
            #expect(list.allSatisfy { $0.level == .admin })
            #expect(
                fake.state.withLock { $0.asked.filter { !$0.contains("groups") }.count } == (kind == .gitea ? 5 : 3))
        }
    }

    @Test(arguments: FakeForge.Kind.allCases)
    func statusesAreShown(kind: FakeForge.Kind) async throws {
        try await withForge(kind) { fake, forge in
            for status in [Status.pending, .running, .success, .failure, .killed, .error] {
                try await forge.post(Self.status(status), in: path)
            }
            let words =
                kind == .gitlab
                ? ["pending", "running", "success", "failed", "canceled", "failed"]
                : ["pending", "pending", "success", "failure", "error", "error"]
            let expected = words.map { "\(Self.one) skep/push \($0) http://ci/1" }
            #expect(fake.state.withLock { $0.statuses } == expected)
            // A commit that is gone is nobody's fault.
            var lost = Self.status(.success)
            lost.commit = String(repeating: "9", count: 40)
            try await forge.post(lost, in: path)
        }
    }

    @Test func deploymentsGetTheirOwnStatuses() async throws {
        try await withForge(.github) { fake, forge in
            for status in [Status.pending, .running, .success, .killed] {
                var shown = Self.status(status)
                shown.deployment = 55
                try await forge.post(shown, in: path)
            }
            let expected = ["queued", "in_progress", "success", "error"].map { "deployment 55 \($0)" }
            #expect(fake.state.withLock { $0.statuses } == expected)
        }
    }

    private static func status(_ status: Status) -> CommitStatus {
        CommitStatus(commit: one, status: status, context: "skep/push", description: "d", targetURL: "http://ci/1")
    }

    @Test(arguments: FakeForge.Kind.allCases)
    func filesAreAskedForByTheirETag(kind: FakeForge.Kind) async throws {
        try await withForge(kind) { fake, forge in
            for _ in 1...3 {
                let file = try await forge.file(".drone.yml", at: Self.one, in: path)
                #expect(file == Array("build: {}\n".utf8))
            }
            #expect(fake.state.withLock { $0.notModified } == 2)
        }
    }

    @Test(arguments: FakeForge.Kind.allCases)
    func aFailureThatPassesIsTriedAgain(kind: FakeForge.Kind) async throws {
        try await withForge(kind) { fake, forge in
            fake.state.withLock { $0.fault = .flaky(2) }
            let found = try await forge.repository(at: path)
            #expect(found != nil)
            fake.state.withLock {
                $0.fault = .down; $0.asked = []
            }
            await #expect { try await forge.repository(at: path) } throws: {
                ($0 as? ForgeError)?.code == .broken && ($0 as? ForgeError)?.mayPass == true
            }
            #expect(fake.state.withLock { $0.asked.count } == 3)
            // What changes something is not done twice: the outbox does that.
            fake.state.withLock { $0.asked = [] }
            await #expect(throws: ForgeError.self) { try await forge.post(Self.status(.success), in: path) }
            #expect(fake.state.withLock { $0.asked.count } == 1)
        }
    }

    @Test func aSlowForgeIsGivenUp() async throws {
        try await withForge(.gitea) { fake, _ in
            var address = try fake.address()
            address.timeout = .milliseconds(100)
            address.retries = 0
            let forge = try fake.client(address)
            fake.state.withLock { $0.fault = .slow(.seconds(60)) }
            let start = ContinuousClock.now
            await #expect { try await forge.repository(at: path) } throws: { ($0 as? ForgeError)?.code == .timeout }
            #expect(ContinuousClock.now - start < .seconds(30))
        }
    }

    @Test func aForgeThatIsNotThereMayComeBack() async throws {
        var address = try ForgeAddress(
            url: "http://127.0.0.1:1", api: "http://127.0.0.1:1", token: "t", forge: nil, hookURL: "")
        address.retries = 0
        let forge = try FakeForge(.github).client(address)
        await #expect { try await forge.repository(at: path) } throws: { ($0 as? ForgeError)?.mayPass == true }
    }

    @Test(
        arguments: [
            (429, [("Retry-After", "120")], 100...121),
            (403, [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "RESET")], 250...302),
            (429, [("RateLimit-Reset", "RESET")], 250...302),
            (429, [], 50...61),
        ] as [(Int, [(String, String)], ClosedRange<Int64>)])
    func aLimitIsKept(status: Int, headers: [(String, String)], wait: ClosedRange<Int64>) async throws {
        try await withForge(.github) { fake, forge in
            let reset = "\(Int(Date().timeIntervalSince1970) + 300)"
            let headers = headers.map { ($0.0, $0.1 == "RESET" ? reset : $0.1) }
            fake.state.withLock { $0.fault = .limited(status: status, headers: headers) }
            for _ in 1...2 {
                await #expect { try await forge.repository(at: path) } throws: { error in
                    let error = error as? ForgeError
                    return error?.code == .rateLimited && wait.contains(error?.retryAfter?.components.seconds ?? -1)
                }
            }
            // The second time it was not even asked.
            #expect(fake.state.withLock { $0.asked.count } == 1)
        }
    }

    @Test func aShortLimitIsWaitedOut() async throws {
        try await withForge(.github) { fake, forge in
            fake.state.withLock { $0.fault = .limited(status: 429, headers: [("Retry-After", "1")]) }
            async let found = forge.repository(at: path)
            try await eventually { fake.state.withLock { !$0.asked.isEmpty } }
            fake.state.withLock { $0.fault = nil }
            #expect(try await found != nil)
        }
    }

    @Test func anotherHostIsNeverAsked() async throws {
        try await withForge(.github) { fake, forge in
            try await FakeForge.with(.github) { other in
                let elsewhere = [
                    "\(other.url)/repos/octo/hello", "//127.0.0.2/x", "file:///etc/passwd", "http://[", "",
                ]
                for location in elsewhere {
                    fake.state.withLock { $0.fault = .redirect(location) }
                    await #expect("\(location)") { try await forge.repository(at: path) } throws: {
                        ($0 as? ForgeError)?.code == .redirected
                    }
                }
                #expect(other.state.withLock { $0.asked }.isEmpty)
                // Around in a circle on the same host.
                fake.state.withLock {
                    $0.fault = .redirect("/repos/octo/hello"); $0.asked = []
                }
                await #expect(throws: ForgeError.self) { try await forge.repository(at: path) }
                #expect(fake.state.withLock { $0.asked.count } <= 12)
            }
        }
    }

    @Test func aRenamedRepositoryIsFoundOnTheSameHost() async throws {
        try await withForge(.github) { fake, forge in
            fake.state.withLock { $0.renamed["octo/old"] = "octo/hello" }
            let found = try await forge.repository(at: RepoPath(owner: "octo", name: "old"))
            #expect(found?.name == "hello")
        }
    }

    @Test(arguments: FakeForge.Kind.allCases)
    func aWrongTokenIsSaid(kind: FakeForge.Kind) async throws {
        try await withForge(kind) { fake, _ in
            var address = try fake.address()
            address.token = "wr0ng-token"
            let forge = try fake.client(address)
            await #expect { try await forge.repository(at: path) } throws: {
                let error = $0 as? ForgeError
                return error?.code == .unauthorized && error?.message.contains("wr0ng") == false
                    && error?.detail.contains("wr0ng") == false
            }
        }
    }

    @Test(arguments: ["", "example.com", "ftp://example.com", "https://", "https://a?b=c", "https://u:p@example.com"])
    func whatIsNoAddress(text: String) {
        #expect(throws: ForgeError.self) {
            _ = try ForgeAddress(url: text, api: "https://x", token: "", forge: nil, hookURL: "")
        }
    }

    @Test func agentsGetTheirOwnCredentialOnly() async throws {
        try await withForge(.gitlab) { fake, forge in
            #expect(try await forge.cloneCredential(for: path) == nil)
            var address = try fake.address()
            address.cloneToken = "r3ad"
            let credential = try await fake.client(address).cloneCredential(for: path)
            #expect(credential == CloneCredential(username: "oauth2", password: "r3ad"))
        }
    }
}
