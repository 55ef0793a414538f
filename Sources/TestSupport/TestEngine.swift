package import Agent
import Foundation

/// A real container engine: the one that `DOCKER_HOST` names, else a Docker of this test process alone, which starts with
/// the first test that asks for it and ends, with all it made, when the process does.
package struct TestEngine: Sendable {
    package let address: EngineAddress
    package let client: EngineClient
    /// As in `DOCKER_HOST`.
    package var host: String { address.description }

    /// An image of busybox, whose tag is this machine's only.
    package static let image = "skep-test/busybox:1"

    private static let start = Task { try await begin() }

    package static var shared: TestEngine {
        get async throws { try await start.value }
    }

    /// Whether there is one. Says once why not.
    package static var isThere: Bool {
        get async { await isAvailable.value }
    }

    private static let isAvailable = Task {
        // One that is named has to work: the tests say what is wrong with it.
        if isNamed { return true }
        do {
            _ = try await shared
            return true
        } catch {
            FileHandle.standardError.write(Data("skipped: tests that need a container engine: \(error)\n".utf8))
            return false
        }
    }

    private static var isNamed: Bool {
        ProcessInfo.processInfo.environment["DOCKER_HOST"]?.isEmpty == false
    }

    private static func begin() async throws -> TestEngine {
        let address =
            isNamed
            ? try EngineAddress(environment: ProcessInfo.processInfo.environment) : try await OwnDocker.start()
        let client = try await EngineClient.connect(to: address, streams: 32)
        try await TestImage.load(to: client, as: image)
        return TestEngine(address: address, client: client)
    }

    /// What containers and networks of the agent are on the engine, by what they are for.
    package func left(ofAgentIn folder: String) async throws -> [String] {
        guard let data = FileManager.default.contents(atPath: folder + "/identity") else { return [] }
        let labels = ["skep.agent": String(decoding: data, as: UTF8.self)]
        let containers = try await client.containers(labels: labels).map { $0.labels?["skep.role"] ?? $0.id }
        return containers.sorted() + (try await client.networks(labels: labels).map(\.name))
    }
}
