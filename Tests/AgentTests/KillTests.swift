import Agent
import AgentProtocol
import Core
import Foundation
import Subprocess
import SystemPackage
import Testing

/// What ends a job from outside, and that nothing of it is left.
@Suite struct KillTests {
    /// A command that starts a process out of reach of groups and sessions, with an argument to know it by.
    static func escape(_ word: String) -> String {
        "(setsid sh -c 'setsid sleep 1000 \(word) & exec sleep 1000 \(word)' >/dev/null 2>&1 &); "
            + "echo ready; sleep 1000 \(word)"
    }

    /// `sleep` takes several numbers: this one is no other test's.
    static func uniqueWord() -> String { "\(Int.random(in: 1_000_000...999_999_999))" }

    func withEscapedJob(
        _ sandbox: AgentConfiguration.Sandbox, _ body: (Lab, _ word: String) async throws -> Void
    ) async throws {
        try await Lab.with { lab in
            let word = Self.uniqueWord()
            let job = lab.job([step(1, [Self.escape(word)]), step(2, ["echo two"], on: [.success, .failure])])
            lab.server.with { $0.waiting = [job] }
            try await lab.withAgent(sandbox) {
                try await eventually { lab.server.text.contains("\nready\n") && Shell.isRunning(word) }
                try await body(lab, word)
            }
            #expect(!Shell.isRunning(word))
            #expect(lab.leftFolders == [])
        }
    }

    @Test(arguments: [AgentConfiguration.Sandbox.off, .required])
    func cancelKillsTheWholeTreeAtOnce(_ sandbox: AgentConfiguration.Sandbox) async throws {
        try await withEscapedJob(sandbox) { lab, word in
            lab.server.with { $0.isCancelled = true }
            // A third of a second to the next heartbeat, 2 s to die, and much patience with a busy machine.
            try await eventually(within: .seconds(20)) { !Shell.isRunning(word) }
            try await eventually { lab.server.ended }
            let end = try #require(lab.server.with(\.ends).first)
            #expect(end.status == .killed)
            #expect(end.exitCode == 137)
            #expect(end.error == "")
            #expect(lab.server.steps == ["0 success 0", "1 killed 137", "2 skipped 0"])
            #expect(lab.server.text == "+ \(Self.escape(word))\nready\n")
        }
    }

    @Test(arguments: [AgentConfiguration.Sandbox.off, .required])
    func aStaleAttemptIsKilledInSilence(_ sandbox: AgentConfiguration.Sandbox) async throws {
        try await withEscapedJob(sandbox) { lab, word in
            lab.server.with { $0.isStale = true }
            try await eventually(within: .seconds(180)) { !Shell.isRunning(word) && lab.leftFolders == [] }
            #expect(lab.server.with(\.ends).isEmpty)
            #expect(lab.server.with(\.callsAfterStale) == ["heartbeat"])
        }
    }

    @Test func anAgentThatIsTakenAwayLeavesNothingAndReportsNothing() async throws {
        try await Lab.with { lab in
            let word = Self.uniqueWord()
            lab.server.with { $0.waiting = [lab.job([step(1, [Self.escape(word)])])] }
            try await lab.withAgent { try await eventually { lab.server.text.contains("\nready\n") } }
            #expect(!Shell.isRunning(word))
            #expect(lab.leftFolders == [])
            #expect(!lab.server.ended)
        }
    }

    @Test(arguments: [AgentConfiguration.Sandbox.off, .required])
    func processesLeftByAStepEndWithIt(_ sandbox: AgentConfiguration.Sandbox) async throws {
        try await Lab.with { lab in
            let word = Self.uniqueWord()
            let end = try await lab.run("setsid sleep 1000 \(word) & echo started", "sleep 0.1", sandbox: sandbox)
            #expect(end.status == .success)
            #expect(!Shell.isRunning(word))
        }
    }

    @Test func aKilledAgentTakesItsJobsAlong() async throws {
        try await Lab.with { lab in
            let word = Self.uniqueWord()
            // The writer is the agent's end of the line: closed as the kernel closes it when a process is killed.
            let result = try await Subprocess.run(
                .path(FilePath(Lab.executable)), arguments: ["supervise", "--", "sh", "-c", Self.escape(word)],
                input: .inputWriter, output: .sequence, error: .discarded
            ) { supervisor in
                try await eventually { Shell.isRunning(word) }
                try await supervisor.standardInputWriter.finish()
                try await eventually(within: .seconds(20)) { !Shell.isRunning(word) }
                var output: [UInt8] = []
                for try await buffer in supervisor.standardOutput { output += buffer.withUnsafeBytes { Array($0) } }
                return output
            }
            #expect(result.terminationStatus == .exited(137))
            #expect(result.closureResult == Array("ready\n".utf8))
        }
    }

    /// Twenty processes that each start their successor and end, every few milliseconds.
    @Test func processesThatRunAwayAreCaught() async throws {
        try await Lab.with { lab in
            let word = Self.uniqueWord()
            let chain = "printf 'sleep 0.01\\nsetsid sh chain \(word) &\\n' > chain"
            let end = try await lab.run(
                lab.job([step(1, [chain, "for i in $(seq 20); do sh chain \(word) & done", "sleep 1000"])], timeout: 3))
            #expect(end.status == .killed)
            #expect(lab.server.text.contains("+ sleep 1000\n"))
            // One that was missed would have a successor by now, and again.
            for _ in 0..<20 { #expect(!Shell.isRunning(word)) }
        }
    }
}
