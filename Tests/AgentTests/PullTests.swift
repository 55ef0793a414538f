import Agent
import AgentProtocol
import Core
import Foundation
import TestSupport
import Testing

/// When images are pulled, and with whose password.
@Suite(.needsEngine, .serialized) struct PullTests {
    private func run(
        _ image: String, _ policy: PullPolicy?, credentials: String? = nil
    ) async throws -> (end: JobEnd, text: String) {
        var result: (JobEnd, String)?
        try await ContainerLab.with { lab in
            var file: String?
            if let credentials {
                file = lab.lab.folder + "/config.json"
                try Data(credentials.utf8).write(to: URL(filePath: lab.lab.folder + "/config.json"))
            }
            var step = step(1, ["cat /pulled"])
            step.image = image
            step.pull = policy
            let end = try await lab.run(lab.lab.job([step])) { [file] in $0.registryConfigFile = file }
            result = (end, lab.server.text)
        }
        return try #require(result)
    }

    @Test func aPrivateImageIsPulledWithThePasswordOfItsRegistry() async throws {
        let engine = try await TestEngine.shared
        var image = ""
        try await TestRegistry.with(engine) { registry in
            image = registry.image
            // The registry is up when it asks for a password.
            try await eventually {
                try await run(registry.image, .always).text.contains("no basic auth credentials")
            }
            let wrong = registry.configuration.replacingOccurrences(of: "YWRhO", with: "YmFkO")
            let refused = try await run(registry.image, nil, credentials: wrong)
            #expect(refused.end.status == .error)
            #expect(refused.text.hasPrefix("skep: image \(image) cannot be pulled: "))
            let pulled = try await run(registry.image, nil, credentials: registry.configuration)
            #expect(pulled.end.status == .success)
            #expect(pulled.text == "+ cat /pulled\npulled\n")
        }
        for policy in [PullPolicy.ifNotExists, .never] {
            #expect(try await run(image, policy).end.status == .success, "it is there, without the registry")
        }
        #expect(try await run(image, .always).text.contains("cannot be pulled"))
        try await engine.client.removeImage(image)
    }
}
