import Agent
import AgentProtocol
import Core
import Foundation
import Logging
import TestSupport
import Testing

/// What ends containers from outside, and that nothing of them is left.
@Suite(.needsEngine) struct ContainerKillTests {
    func withEscapedJob(_ body: (ContainerLab, _ word: String) async throws -> Void) async throws {
        try await ContainerLab.with { lab in
            let word = KillTests.uniqueWord()
            var job = lab.job([container(1, [KillTests.escape(word)])], services: [ServiceTests.web])
            job.timeout = 600
            lab.server.with { $0.waiting = [job] }
            try await lab.lab.withAgent(lab.configuration()) {
                try await eventually { lab.server.text.contains("\nready\n") && Shell.isRunning(word) }
                try await body(lab, word)
            }
            #expect(!Shell.isRunning(word))
            #expect(lab.lab.leftFolders == [])
        }
    }

    @Test func cancelReachesARunningContainer() async throws {
        try await withEscapedJob { lab, word in
            lab.server.with { $0.isCancelled = true }
            // A third of a second to the next heartbeat, 2 s to die, and much patience with a busy machine.
            try await eventually(within: .seconds(20)) { !Shell.isRunning(word) }
            try await eventually { lab.server.ended }
            let end = try #require(lab.server.with(\.ends).first)
            #expect(end.status == .killed)
            #expect(end.exitCode == 137)
            #expect(lab.server.text == "+ \(KillTests.escape(word))\nready\n")
        }
    }

    @Test func aStaleAttemptIsKilledInSilence() async throws {
        try await withEscapedJob { lab, word in
            lab.server.with { $0.isStale = true }
            try await eventually(within: .seconds(180)) { !Shell.isRunning(word) && lab.lab.leftFolders == [] }
            #expect(lab.server.with(\.ends).isEmpty)
        }
    }

    @Test func anAgentThatIsTakenAwayLeavesNothing() async throws {
        try await withEscapedJob { _, _ in }
    }

    @Test func aJobTimesOut() async throws {
        try await ContainerLab.with { lab in
            let end = try await lab.run(lab.lab.job([container(1, ["printf part; sleep 600"])], timeout: 4))
            #expect(end.status == .killed)
            #expect(lab.server.text == "+ printf part; sleep 600\npart\nskep: timed out after 4 seconds\n")
        }
    }

    @Test(arguments: [AgentConfiguration.RuntimeKind.docker, .auto, .process])
    func whatADeadAgentLeftIsCleared(_ runtime: AgentConfiguration.RuntimeKind) async throws {
        try await ContainerLab.with { lab in
            let word = KillTests.uniqueWord()
            try await leaveAService(lab, word)
            try await eventually { Shell.isRunning(word) }
            #expect(try await lab.engine.left(ofAgentIn: lab.lab.folder + "/agent").count == 2)
            var configuration = lab.configuration()
            configuration.runtime = runtime
            try await lab.lab.withAgent(configuration) {
                try await eventually { !lab.server.with(\.claims).isEmpty }
                #expect(!Shell.isRunning(word))
                #expect(try await lab.engine.left(ofAgentIn: lab.lab.folder + "/agent") == [])
                #expect(lab.lab.leftFolders == [])
            }
        }
    }

    /// What is there of a job whose agent died after it had started the services.
    private func leaveAService(_ lab: ContainerLab, _ word: String) async throws {
        let folder = lab.lab.folder + "/agent"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let workspace = Workspace(attempt: 41, in: folder)
        try workspace.create()
        let runtime = try await ContainerRuntime(
            engine: lab.engine.client, settings: lab.configuration().containers, folder: folder,
            logger: Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() })
        var service = ServiceTests.web
        service.command = ["sleep 1000 \(word)"]
        try await runtime.adopt(workspace, for: lab.job([container(1, ["true"])], services: [service]))
    }

    /// Another agent's containers are not its business, and another job's services not to be reached.
    @Test func whatLivesElsewhereIsLeftAlone() async throws {
        try await withEscapedJob { lab, word in
            try await ContainerLab.with { other in
                let end = try await other.run("nslookup web >/dev/null 2>&1 || echo unknown")
                #expect(end.status == .success)
                #expect(other.server.text.hasSuffix("\nunknown\n"))
            }
            #expect(Shell.isRunning(word))
        }
    }

    @Test func withoutAnEngineAutoMeansProcesses() async throws {
        try await Lab.with { lab in
            var configuration = lab.configuration(.off)
            configuration.containers.address = try EngineAddress(host: "unix:///nowhere/docker.sock")
            configuration.runtime = .auto
            let end = try await lab.run(lab.job([step(1, ["true"])]), configuration: configuration)
            #expect(end.status == .success)
            configuration.runtime = .docker
            let agent = AgentService(
                configuration: configuration, connection: lab.server,
                logger: Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() })
            let error = await #expect(throws: AgentError.self) { try await agent.run() }
            #expect(error?.code == .engineUnavailable)
        }
    }
}
