import Agent
import AgentProtocol
import Core
import Foundation
import Testing

/// What an agent finds from one that was killed.
@Suite struct LeftoverTests {
    @Test func workspacesAndProcessesOfADeadAgentAreCleared() async throws {
        try await Lab.with { lab in
            let word = KillTests.uniqueWord()
            let workspace = lab.folder + "/agent/41/workspace"
            try FileManager.default.createDirectory(atPath: workspace + "/closed", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(
                atPath: lab.folder + "/agent/notes", withIntermediateDirectories: true)
            // An orphan, as the kill of agent and supervisor together leaves it.
            _ = try await Shell.run(
                "chmod 0 \(workspace)/closed; CI_WORKSPACE=\(workspace) setsid sleep 1000 \(word) >/dev/null 2>&1 &",
                in: "/")
            try await eventually { Shell.isRunning(word) }
            _ = try await lab.run(lab.job([step(1, ["true"])]), leaving: ["notes"])
            #expect(!Shell.isRunning(word))
        }
    }

    @Test func aFolderHasOneAgent() async throws {
        try await Lab.with { lab in
            try await lab.withAgent {
                try await eventually { !lab.server.with(\.claims).isEmpty }
                let error = await #expect(throws: AgentError.self) { try await lab.withAgent {} }
                #expect(error?.code == .folderUnusable)
            }
        }
    }

    @Test func aClosedFolderInAWorkspaceIsRemoved() async throws {
        try await Lab.with { lab in
            let end = try await lab.run("mkdir -p a/b && touch a/b/c && chmod 0 a/b a")
            #expect(end.status == .success)
        }
    }
}
