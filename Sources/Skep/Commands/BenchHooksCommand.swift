import ArgumentParser
import AsyncHTTPClient
import Core
import Foundation
import NIOCore
import NIOHTTP1
import Sealing
import Store

/// Sends deliveries as the hooks of plain-git repositories do, for scripts/bench. Each is of a new branch, so that each makes a
/// build.
struct BenchHooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "bench-hooks", shouldDisplay: false)

    @OptionGroup var options: ConfigurationOptions
    @Option var url: String
    @Option var count = 10_000
    @Option var clients = 16
    @Option(help: "Where a waiting agent claims; the time from the delivery to the job's start is printed.")
    var agentToken: String?

    func run() async throws {
        let ring = try await options.settings().ring()
        try await withStore(options, keyRing: ring) { store in
            let sources = try await HookSource.all(store)
            var configuration = HTTPClient.Configuration()
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = clients + 4
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            let sender = HookSender(client: client, url: url, sources: sources)
            let result: Result<String, any Error>
            do {
                if let agentToken {
                    let agent = BenchAgent(client: client, url: url, token: agentToken)
                    result = .success(try await dispatch(sender, agent))
                } else {
                    result = .success(try await deliver(sender))
                }
            } catch { result = .failure(error) }
            try await client.shutdown()
            say(try result.get())
        }
    }

    /// Deliveries accepted a second, and p50, p99 and the longest of their replies in ms.
    private func deliver(_ sender: HookSender) async throws -> String {
        let times = BenchLatencies()
        let (count, clients) = (count, clients)
        let began = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for first in 0..<clients {
                group.addTask {
                    for number in stride(from: first, to: count, by: clients) {
                        let sent = BenchLatencies.now
                        try await sender.send(number)
                        times.add(BenchLatencies.now - sent)
                    }
                }
            }
            try await group.waitForAll()
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        return String(format: "%.0f ", Double(count) / seconds) + times.summary
    }

    /// One at a time, to an agent that waits.
    private func dispatch(_ sender: HookSender, _ agent: BenchAgent) async throws -> String {
        let times = BenchLatencies()
        for number in 0..<count {
            async let claimed = agent.claim()
            try await Task.sleep(for: .milliseconds(20))
            let sent = BenchLatencies.now
            try await sender.send(number)
            let job = try await claimed
            times.add(BenchLatencies.now - sent)
            try await agent.finish(job, logSize: 0)
        }
        return times.summary
    }
}

/// A repository that deliveries come from.
private struct HookSource: Sendable {
    var name: String
    var secret: [UInt8]
    var commit: String

    /// All active ones of the default forge that have a commit.
    static func all(_ store: Store) async throws -> [HookSource] {
        let forge = try await store.ensureForge(name: "git", kind: "git", url: "", isDefault: true)
        var sources: [HookSource] = []
        for (id, path) in try await store.repos(onForge: forge, after: 0, limit: 10_000) {
            guard let commit = try await store.refs(repoID: id)["refs/heads/main"],
                let secret = try await store.hookSecret(forge: "git", path: path)
            else { continue }
            sources.append(HookSource(name: path.fullName, secret: secret.secret, commit: commit))
        }
        guard !sources.isEmpty else { throw SettingsError(message: "No repository has a commit.") }
        return sources
    }
}

private struct HookSender: Sendable {
    let client: HTTPClient
    let url: String
    let sources: [HookSource]
    private let run = UUID().uuidString

    init(client: HTTPClient, url: String, sources: [HookSource]) {
        self.client = client
        self.url = url
        self.sources = sources
    }

    func send(_ number: Int) async throws {
        let source = sources[number % sources.count]
        let zero = String(repeating: "0", count: 40)
        let body =
            #"{"refs":[{"after":"\#(source.commit)","before":"\#(zero)","ref":"refs/heads/\#(run)-\#(number)"}],"repository":{"full_name":"\#(source.name)"}}"#
        var request = HTTPClientRequest(url: "\(url)/hook")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "X-Skep-Event", value: "push")
        request.headers.add(name: "X-Skep-Delivery", value: "\(run)-\(number)")
        request.headers.add(
            name: "X-Skep-Signature-256", value: "sha256=\(HMAC.sha256(key: source.secret, data: body.utf8).hex)")
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await client.execute(request, timeout: .seconds(60))
        guard response.status == .accepted else { throw SettingsError(message: "hook: \(response.status)") }
        _ = try await response.body.collect(upTo: 1 << 20)
    }
}
