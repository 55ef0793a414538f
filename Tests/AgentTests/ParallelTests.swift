import Agent
import AgentProtocol
import Core
import Foundation
import Testing

/// Steps that run at the same time, and the one log that comes of them.
@Suite struct ParallelTests {
    /// A step that waits for those of these numbers, for nobody without any.
    private func step(_ number: Int, _ commands: [String], after numbers: Int...) -> StepPlan {
        var step = AgentTests.step(number, commands)
        step.dependsOn = numbers
        return step
    }

    /// Ends when somebody has made the file.
    private static func wait(for file: String) -> String {
        "while [ ! -e \(file) ]; do sleep 0.02; done"
    }

    @Test(arguments: [AgentConfiguration.Sandbox.off, .required])
    func runAtTheSameTimeAndAreLoggedInOrder(_ sandbox: AgentConfiguration.Sandbox) async throws {
        try await Lab.with { lab in
            let first = ["printf 'one '", Self.wait(for: "three"), "echo one again"]
            let second = [Self.wait(for: "three"), "echo two"]
            let third = ["echo three", "touch three"]
            let end = try await lab.run(
                lab.job([step(1, first), step(2, second), step(3, third), step(4, ["echo four"], after: 1, 2, 3)]),
                sandbox: sandbox)
            #expect(end.status == .success)
            #expect(
                lab.server.text == """
                    + \(first[0])
                    one + \(first[1])
                    + echo one again
                    one again
                    + \(second[0])
                    + echo two
                    two
                    + echo three
                    three
                    + touch three
                    + echo four
                    four

                    """)
            let steps = lab.server.with(\.logSteps).map(\.step)
            #expect(steps == steps.sorted())
            #expect(Set(steps) == [1, 2, 3, 4])
            #expect(lab.server.steps == ["0 success 0", "1 success 0", "2 success 0", "3 success 0", "4 success 0"])
        }
    }

    @Test func aStepThatIsLowestNowIsShownWhileItRuns() async throws {
        try await Lab.with { lab in
            let second = ["echo early", Self.wait(for: "late"), "echo late"]
            lab.server.with {
                $0.waiting.append(
                    lab.job([step(1, [Self.wait(for: "first")]), step(2, second), step(3, ["echo three"])]))
            }
            try await lab.withAgent {
                let workspace = lab.folder + "/agent/7/workspace"
                try await eventually { FileManager.default.fileExists(atPath: lab.folder + "/agent/7/output-3") }
                #expect(!lab.server.text.contains("early"))
                _ = FileManager.default.createFile(atPath: workspace + "/first", contents: nil)
                try await eventually { lab.server.text.hasSuffix("early\n+ \(second[1])\n") }
                _ = FileManager.default.createFile(atPath: workspace + "/late", contents: nil)
                try await eventually { lab.server.ended }
            }
            #expect(
                lab.server.text
                    == "+ \(Self.wait(for: "first"))\n+ echo early\nearly\n+ \(second[1])\n+ echo late\nlate\n+ echo three\nthree\n"
            )
            #expect(lab.server.with(\.violations) == [])
        }
    }

    @Test func muchOutputOfManyIsWholeAndMasked() async throws {
        try await Lab.with { lab in
            let secret = "correct-horse"
            let command =
                "for i in 1 2 3 4 5; do printf 'correct-'; seq 40000; printf 'correct-'; printf 'horse\\n'; done"
            var job = lab.job((1...4).map { step($0, [command]) } + [step(5, ["echo end"], after: 1, 2, 3, 4)])
            job.masks = [secret]
            let end = try await lab.run(job)
            #expect(end.status == .success)
            let output = try await Shell.run(command, in: "/").replacing(secret, with: "********")
            let whole = String(repeating: "+ \(command)\n\(output)", count: 4) + "+ echo end\nend\n"
            #expect(Data(lab.server.log) == Data(whole.utf8))
        }
    }

    @Test func aFailureIsForThoseBehindItOnly() async throws {
        try await Lab.with { lab in
            let end = try await lab.run(
                lab.job([
                    step(1, ["exit 4"]), step(2, ["exit 3"]), step(3, ["echo no"], after: 1),
                    step(4, ["echo four"]), step(5, ["echo five"], after: 4),
                ]))
            #expect(end.status == .failure)
            #expect(end.exitCode == 4)
            #expect(
                lab.server.steps == [
                    "0 success 0", "1 failure 4", "2 failure 3", "3 skipped 0", "4 success 0", "5 success 0",
                ])
            #expect(lab.server.text == "+ exit 4\n+ exit 3\n+ echo four\nfour\n+ echo five\nfive\n")
        }
    }

    @Test func aTimeoutEndsAllAndIsSaidOnce() async throws {
        try await Lab.with { lab in
            let end = try await lab.run(
                lab.job(
                    [step(1, ["printf a; sleep 600"]), step(2, ["echo b; sleep 600"]), step(3, ["true"], after: 1)],
                    timeout: 4))
            #expect(end.status == .killed)
            #expect(end.error == "timed out after 4 seconds")
            #expect(
                lab.server.text
                    == "+ printf a; sleep 600\na+ echo b; sleep 600\nb\nskep: timed out after 4 seconds\n")
            #expect(lab.server.steps == ["0 success 0", "1 killed 137", "2 killed 137", "3 skipped 0"])
        }
    }
}
