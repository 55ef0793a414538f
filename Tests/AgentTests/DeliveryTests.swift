import Agent
import AgentProtocol
import Core
import Foundation
import Testing

/// That everything a job wrote arrives, whatever the server does meanwhile.
@Suite struct DeliveryTests {
    @Test func aServerThatIsAwayForAWhileGetsEverythingLater() async throws {
        try await Lab.with { lab in
            let gate = lab.folder + "/gate"
            let command = "echo before; while ! [ -e \(gate) ]; do sleep 0.01; done; echo after; touch \(gate).done"
            lab.server.with { $0.waiting = [lab.job([step(1, [command]), step(2, ["exit 4"])])] }
            try await lab.withAgent {
                try await eventually { lab.server.text.contains("before") }
                lab.server.with { $0.isUnreachable = true }
                try Data().write(to: URL(filePath: gate))
                // The job goes on and ends without a server.
                try await eventually { FileManager.default.fileExists(atPath: gate + ".done") }
                let heartbeats = lab.server.with(\.heartbeats)
                lab.server.with { $0.isUnreachable = false }
                try await eventually { lab.server.ended }
                #expect(lab.server.with(\.heartbeats) >= heartbeats)
            }
            let end = try #require(lab.server.with(\.ends).first)
            #expect(end.status == .failure)
            #expect(end.exitCode == 4)
            #expect(lab.server.text == "+ \(command)\nbefore\nafter\n+ exit 4\n")
            #expect(lab.server.steps == ["0 success 0", "1 success 0", "2 failure 4"])
        }
    }

    @Test func aGapIsFilledFromWhereTheServerStands() async throws {
        try await Lab.with { lab in
            lab.server.with { state in
                state.losesLogAtSegment = 3
                state.losesLogAtEnd = true
            }
            let command = "seq 1 300000"
            let end = try await lab.run(command)
            #expect(end.status == .success)
            let expected = try await Shell.run(command, in: "/")
            #expect(Data(lab.server.log) == Data("+ \(command)\n\(expected)".utf8))
            #expect(lab.server.with(\.segments) > 5)
        }
    }

    @Test func heartbeatsGoOnWhileTheJobRuns() async throws {
        try await Lab.with { lab in
            lab.server.with { $0.waiting = [lab.job([step(1, ["sleep 1000"])])] }
            try await lab.withAgent {
                // A lease of 1 s: one at once, then three a second.
                try await eventually { lab.server.with(\.heartbeats) >= 5 }
            }
        }
    }

    @Test func anAgentOfAnotherVersionStopsAndSaysSo() async throws {
        try await Lab.with { lab in
            lab.server.with { $0.claimStatus = 426 }
            let error = await #expect(throws: AgentError.self) {
                try await lab.withAgent { try await eventually { !lab.server.with(\.claims).isEmpty } }
            }
            #expect(error?.code == .versionRefused)
            #expect(error?.description.contains("version 1 is too old") == true)
        }
    }

    @Test func aRefusedTokenIsNotHammered() async throws {
        try await Lab.with { lab in
            lab.server.with { $0.claimStatus = 401 }
            try await lab.withAgent {
                try await eventually { !lab.server.with(\.claims).isEmpty }
                try await Task.sleep(for: .milliseconds(500))
                #expect(lab.server.with(\.claims).count == 1)
            }
        }
    }

    @Test func claimsSayWhoAsks() async throws {
        try await Lab.with { lab in
            _ = try await lab.run("true")
            let claim = try #require(lab.server.with(\.claims).first)
            #expect(claim.agent == "tester")
            #expect(claim.labels == ["os": "linux"])
            #expect(claim.slots == 1)
            #expect(claim.version == ProtocolVersion.current)
        }
    }
}
