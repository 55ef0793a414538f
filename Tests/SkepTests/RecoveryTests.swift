import Foundation
import Glibc
import NIOHTTP1
import TestSupport
import Testing

/// How other servers of this family lose work, done to the real program; each with the time until all is well again.
@Suite struct RecoveryTests {
    /// Leaves its process's id as a line of `runs`, then waits for the file `go`.
    private func waiting(_ installation: Installation) -> String {
        "echo $$ >>\(installation.folder)/runs; while [ ! -e \(installation.folder)/go ]; do sleep 0.1; done; echo done"
    }

    private func isRunning(_ process: String) -> Bool {
        Int32(process).map { kill($0, 0) == 0 } ?? false
    }

    /// Says how long it took from `start` on, for docs/reliability.md; it must be less than `limit`.
    private func expectRecovery(_ what: String, from start: ContinuousClock.Instant, within limit: Duration) {
        let took = ContinuousClock.now - start
        print(
            "recovery: \(what) after \(took.formatted(.units(allowed: [.seconds], fractionalPart: .show(length: 1))))")
        #expect(took < limit)
    }

    /// With the lease that servers have unless told otherwise.
    @Test(.timeLimit(.minutes(10))) func aKilledAgentsJobRunsElsewhereWithinALeaseAndFiveSeconds() async throws {
        try await Installation.withInstallation(lease: 30) { skep in
            try await skep.startServer()
            try skep.startAgent("first")
            let command = waiting(skep)
            try await skep.push(command)
            try await eventually(timeout: .seconds(180)) { skep.lines(in: "runs").count == 1 }
            try skep.startAgent("second")
            let lost = ContinuousClock.now
            try await skep.kill("first")
            try await eventually(timeout: .seconds(180)) { skep.lines(in: "runs").count == 2 }
            expectRecovery("a killed agent's job ran elsewhere", from: lost, within: .seconds(30 + 5))
            #expect(!isRunning(skep.lines(in: "runs")[0]))
            try skep.touch("go")
            try await eventually(timeout: .seconds(180)) { try await skep.state() == "success 2" }
            #expect(try await skep.log(attempt: 2) == "+ \(command)\ndone\n")
            let earlier = try await skep.log(attempt: 1)
            #expect("+ \(command)\n".hasPrefix(earlier))
        }
    }

    @Test(.timeLimit(.minutes(10))) func serverAndAgentAreKilledTogetherAndTheBuildEnds() async throws {
        try await Installation.withInstallation(lease: 10) { skep in
            try await skep.startServer()
            try skep.startAgent("first")
            try await skep.push(waiting(skep))
            try await eventually(timeout: .seconds(180)) { skep.lines(in: "runs").count == 1 }
            try await skep.kill("server")
            try await skep.kill("first")
            try await skep.startServer()
            let back = ContinuousClock.now
            try skep.startAgent("second")
            try await eventually(timeout: .seconds(180)) { skep.lines(in: "runs").count == 2 }
            expectRecovery("a job of a killed server and agent ran again", from: back, within: .seconds(10 + 5))
            try skep.touch("go")
            try await eventually(timeout: .seconds(180)) { try await skep.state() == "success 2" }
        }
    }

    @Test(.timeLimit(.minutes(10))) func aCancelAfterAServersRestartStopsTheJob() async throws {
        try await Installation.withInstallation(lease: 10) { skep in
            try await skep.startServer()
            try skep.startAgent("first")
            try await skep.push(waiting(skep))
            try await eventually(timeout: .seconds(180)) { try await skep.state() == "running 1" }
            try await eventually { skep.lines(in: "runs").count == 1 }
            try await skep.kill("server")
            try await skep.startServer()
            let asked = ContinuousClock.now
            #expect(try await skep.request("DELETE", "/api/repos/octo/hello/logs/1/1").status == .noContent)
            try await eventually(timeout: .seconds(180)) { try await skep.state() == "killed 1" }
            // Two seconds to the next heartbeat, or five where the agent waits longer because the server was away.
            expectRecovery("a job cancelled after a restart was killed", from: asked, within: .seconds(10))
            #expect(!isRunning(skep.lines(in: "runs")[0]))
        }
    }

    @Test(.timeLimit(.minutes(10))) func aStartingServerLeavesWhatRunsAndWaitsAlone() async throws {
        try await Installation.withInstallation(lease: 10) { skep in
            try await skep.startServer()
            try skep.startAgent("first")
            try await skep.push(waiting(skep))
            try await eventually(timeout: .seconds(180)) { try await skep.state() == "running 1" }
            try await skep.forge.commit(["again": "1"], to: "octo/hello")
            try await eventually { try await skep.state(ofBuild: 2) == "pending 0" }
            try await skep.startServer("other", port: try FreePort.find())
            #expect(try await skep.state() == "running 1")
            #expect(try await skep.state(ofBuild: 2) == "pending 0")
            try await skep.kill("server")
            try await skep.startServer()
            #expect(try await skep.state() == "running 1")
            try skep.touch("go")
            try await eventually(timeout: .seconds(180)) { try await skep.state() == "success 1" }
            try await eventually(timeout: .seconds(180)) { try await skep.state(ofBuild: 2) == "success 1" }
        }
    }
}
