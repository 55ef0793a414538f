import Agent
import AgentProtocol
import Core
import Foundation
import Logging
import Testing

/// What a sandboxed job can and cannot reach.
@Suite struct SandboxTests {
    @Test func filesOutsideAreOutOfReach() async throws {
        try await Lab.with { lab in
            let secret = lab.folder + "/secret"
            try Data("planted\n".utf8).write(to: URL(filePath: secret))
            let end = try await lab.run(
                "cat \(secret) || echo hidden", "ls -a /root /home /var 2>/dev/null || echo no such folders",
                "touch /usr/x 2>/dev/null || echo read-only", "ls /skep", sandbox: .required)
            #expect(end.status == .success)
            let output = lab.server.text
            #expect(!output.contains("planted"))
            for word in ["hidden", "no such folders", "read-only", "control\nhome\nworkspace\n"] {
                #expect(output.contains("\n" + word), "\(word) in \(output)")
            }
        }
        try await Lab.with { lab in
            let secret = lab.folder + "/secret"
            try Data("planted\n".utf8).write(to: URL(filePath: secret))
            _ = try await lab.run("cat \(secret)", sandbox: .off)
            #expect(lab.server.text.contains("planted"), "without a sandbox the same command reads the file")
        }
    }

    @Test func aJobIsNobodySpecialAndAlone() async throws {
        try await Lab.with { lab in
            let end = try await lab.run(
                "grep -E 'Cap(Prm|Eff|Bnd)' /proc/self/status | cut -f2 | sort -u", "echo; ls /proc | grep -c '^[0-9]'",
                "touch here ~/there /tmp/everywhere && echo written", sandbox: .required)
            #expect(end.status == .success)
            let lines = lab.server.text.split(separator: "\n")
            #expect(lines.contains("0000000000000000"))
            let processes = try #require(lines.compactMap { Int($0) }.last)
            #expect(processes < 10)
            #expect(lines.contains("written"))
            if geteuid() == 0 {
                #expect(try #require(lines.firstIndex(of: "0000000000000000")) > 0)
            }
        }
    }

    @Test func aBrokenSandboxIsRefusedOrWarnedOf() async throws {
        try await Lab.with { lab in
            var configuration = lab.configuration(.required)
            configuration.executable = "/bin/false"
            let error = await #expect(throws: AgentError.self) {
                try await AgentService(
                    configuration: configuration, connection: lab.server,
                    logger: Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() }
                ).run()
            }
            #expect(error?.code == .sandboxUnavailable)
        }
    }

    @Test(arguments: [true, false])
    func theNetworkIsTheHostsUnlessTakenAway(_ network: Bool) async throws {
        try await Lab.with { lab in
            var configuration = lab.configuration(.required)
            configuration.network = network
            let service = AgentService(
                configuration: configuration, connection: lab.server,
                logger: Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() })
            lab.server.with { $0.waiting = [lab.job([step(1, ["ls -l /proc/self/ns/net | sed 's/.*net:/net:/'"])])] }
            let agent = Task { try await service.run() }
            try await eventually { lab.server.ended }
            agent.cancel()
            try await agent.value
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
            #expect(lab.server.text.contains("\n\(own)\n") == network)
        }
    }
}
