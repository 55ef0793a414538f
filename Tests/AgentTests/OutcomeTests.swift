import Agent
import AgentProtocol
import Core
import Foundation
import Testing

/// How jobs and steps end.
@Suite struct OutcomeTests {
    @Test(arguments: [("exit 3", 3), ("false", 1), ("nosuchprogram", 127), ("kill -9 $$", 137), ("kill -TERM $$", 143)])
    func aFailingCommandEndsTheJob(_ command: String, code: Int) async throws {
        try await Lab.with { lab in
            let end = try await lab.run(command, "echo never", sandbox: .off)
            #expect(end.status == .failure)
            #expect(end.exitCode == code)
            #expect(end.error == "")
            #expect(lab.server.steps == ["0 success 0", "1 failure \(code)"])
            #expect(!lab.server.text.contains("never"))
        }
    }

    @Test func laterStepsAreSkippedUnlessTheyAreForFailures() async throws {
        try await Lab.with { lab in
            let end = try await lab.run(
                lab.job([
                    step(1, ["exit 5"]), step(2, ["echo two"]), step(3, ["exit 6"], on: [.failure]),
                    step(4, ["echo four"], on: [.success, .failure]),
                ]))
            #expect(end.status == .failure)
            #expect(end.exitCode == 5)
            #expect(lab.server.steps == ["0 success 0", "1 failure 5", "2 skipped 0", "3 failure 6", "4 success 0"])
            #expect(lab.server.text == "+ exit 5\n+ exit 6\n+ echo four\nfour\n")
        }
    }

    @Test func anIgnoredFailureIsShownAndNoMore() async throws {
        try await Lab.with { lab in
            var ignoring = step(1, ["exit 5"])
            ignoring.ignoresFailure = true
            let end = try await lab.run(
                lab.job([
                    ignoring, step(2, ["echo no"], on: [.failure]), step(3, ["echo three"], on: [.success, .failure]),
                ]))
            #expect(end.status == .success && end.exitCode == 0 && end.error.isEmpty)
            #expect(lab.server.steps == ["0 success 0", "1 failure 5", "2 skipped 0", "3 success 0"])
            #expect(lab.server.text == "+ exit 5\n+ echo three\nthree\n")
        }
    }

    @Test func stepsForFailuresAreSkippedOnSuccess() async throws {
        try await Lab.with { lab in
            let end = try await lab.run(lab.job([step(1, ["true"]), step(2, ["echo no"], on: [.failure])]))
            #expect(end.status == .success)
            #expect(lab.server.steps == ["0 success 0", "1 success 0", "2 skipped 0"])
        }
    }

    @Test func stepsAreReportedWhenTheyStartAndEnd() async throws {
        try await Lab.with { lab in
            _ = try await lab.run("true")
            let updates = lab.server.with(\.updates)
            #expect(updates.map(\.number) == [0, 0, 1, 1])
            #expect(updates.map(\.status) == [.running, .success, .running, .success])
            #expect(updates.allSatisfy { $0.startedAt != nil })
            #expect(updates.map { $0.finishedAt != nil } == [false, true, false, true])
        }
    }

    @Test func aPluginNeedsContainers() async throws {
        try await Lab.with { lab in
            let end = try await lab.run(
                lab.job([step(1, ["printf one"]), step(2, []), step(3, ["echo no"], on: [.success, .failure])]))
            #expect(end.status == .error)
            #expect(end.error == "a plugin needs the container runtime")
            #expect(lab.server.text == "+ printf one\none\nskep: a plugin needs the container runtime\n")
            #expect(lab.server.steps == ["0 success 0", "1 success 0", "2 error 1", "3 skipped 0"])
        }
    }

    @Test func aFailedCloneIsTheLog() async throws {
        try await Lab.with { lab in
            var job = lab.job([step(1, ["echo never"])])
            job.clone.remote = lab.folder + "/nowhere.git"
            let end = try await lab.run(job)
            #expect(end.status == .error)
            #expect(end.exitCode == 128)
            #expect(end.error.contains("clone"))
            #expect(lab.server.text.contains("nowhere.git"))
            #expect(lab.server.with(\.logSteps).allSatisfy { $0.step == 0 })
            #expect(lab.server.steps == ["0 error 128", "1 skipped 0"])
        }
    }

    @Test(arguments: ["refs/heads/main", "", "refs/heads/gone"])
    func anOldCommitIsFound(_ ref: String) async throws {
        try await Lab.with { lab in
            let script = """
                cd work; for i in $(seq 60); do git -c user.name=t -c user.email=t@x commit -qm $i --allow-empty; done
                git push -q ../repository.git main; cd ../repository.git
                git config uploadpack.allowAnySHA1InWant \(ref != "refs/heads/main")
                """
            _ = try await Shell.run(script, in: lab.folder)
            var job = lab.job([step(1, ["cat file", "git rev-parse HEAD"])])
            job.clone.ref = ref
            let end = try await lab.run(job)
            #expect(end.status == .success)
            #expect(lab.server.text == "+ cat file\ncontent\n+ git rev-parse HEAD\n\(lab.commit)\n")
        }
    }

    @Test(arguments: [(4, "timed out after 4 seconds"), (60, "")])
    func aJobTimesOut(_ timeout: Int, error: String) async throws {
        try await Lab.with { lab in
            let command = timeout == 4 ? "printf part; sleep 600" : "printf part"
            let end = try await lab.run(
                lab.job([step(1, [command]), step(2, ["echo two"], on: [.failure])], timeout: timeout))
            #expect(end.status == (timeout == 4 ? .killed : .success))
            #expect(end.exitCode == (timeout == 4 ? 137 : 0))
            #expect(end.error == error)
            let line = timeout == 4 ? "\nskep: timed out after 4 seconds\n" : ""
            #expect(lab.server.text == "+ \(command)\npart" + line)
            #expect(lab.server.steps.last == "2 skipped 0")
        }
    }
}
