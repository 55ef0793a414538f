import Agent
import AgentProtocol
import Core
import Foundation
import Testing

/// What a job prints of its secrets, as the server gets it.
@Suite struct MaskingTests {
    private static let secret = "s3cret & \"quoted\"\nsecond line of it"

    @Test(arguments: [AgentConfiguration.Sandbox.off, .required])
    func nothingOfASecretIsSent(sandbox: AgentConfiguration.Sandbox) async throws {
        try await Lab.with { lab in
            var job = lab.job([
                step(
                    1,
                    [
                        "env",
                        "printf '%s' \"$PASSWORD\" > f; cat f; base64 f; base64 -w0 f; od -An -tx1 f | tr -d ' \\n'",
                        "printf '%s' \"$PASSWORD\" | sed 's/.*/    &/'",
                        "for c in $(printf '%s' \"$PASSWORD\" | od -An -to1 -v); do printf \"\\\\$c\"; sleep 0.01; done",
                        "echo \(Self.secret.split(separator: "\n")[1]); exit 3",
                    ], environment: ["PASSWORD": Self.secret]),
                step(2, ["echo after $PASSWORD"], environment: ["PASSWORD": Self.secret], on: [.failure]),
            ])
            job.masks = [Self.secret]
            job.notes = ["the secret OTHER is withheld: because\nof this", "and \(Self.secret)"]
            let end = try await lab.run(job, sandbox: sandbox)
            #expect(end.status == .failure && end.exitCode == 3)
            let text = lab.server.text
            #expect(
                text.hasPrefix(
                    "skep: the secret OTHER is withheld: because of this\nskep: and ******** ********\n+ env\n"))
            #expect(text.contains("PASSWORD=********\n") && text.contains("+ echo ********; exit 3\n"))
            #expect(text.hasSuffix("after ******** ********\n"), "\(text.suffix(80))")
            let encoded = Data(Self.secret.utf8)
            for part in ["s3cret", "second line", "quoted"] { #expect(!text.contains(part), "\(part): \(text)") }
            #expect(!text.contains(encoded.base64EncodedString().prefix(12)))
            #expect(!text.contains("73337363"))
            #expect(end.logSize == Int64(text.utf8.count))
        }
    }

    /// What ends a job is told with an error, which may have a secret in it too.
    @Test func noErrorTellsASecret() async throws {
        try await Lab.with { lab in
            var job = lab.job([step(1, ["true"])])
            job.clone.remote = "/nowhere/\(Self.secret.split(separator: "\n")[1])"
            job.masks = [Self.secret]
            let end = try await lab.run(job)
            #expect(end.status == .error)
            #expect(!lab.server.text.contains("second line") && !end.error.contains("second line"))
            #expect(lab.server.text.contains("********"))
        }
    }

    @Test func aCommandsLastLineEndsAreNotEchoed() async throws {
        try await Lab.with { lab in
            _ = try await lab.run("echo one\n\n", "echo two\necho three\n")
            #expect(lab.server.text == "+ echo one\none\n+ echo two\necho three\ntwo\nthree\n")
        }
    }
}
