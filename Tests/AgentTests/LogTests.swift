import Agent
import AgentProtocol
import Core
import Foundation
import Testing

/// What a job's log holds, to the byte.
@Suite struct LogTests {
    struct Case: CustomTestStringConvertible {
        var command: String
        var output: [UInt8]
        var testDescription: String { command }

        init(_ command: String, _ output: String) {
            self.command = command
            self.output = Array(output.utf8)
        }

        init(_ command: String, bytes: [UInt8]) {
            self.command = command
            output = bytes
        }
    }

    static let cases = [
        Case("echo hello", "hello\n"),
        Case("echo 'single' \"double\" \\\"", "single double \"\n"),
        Case("printf '%s%%\\n' '100'", "100%\n"),
        Case("cat <<'END'\n%s %d \\t \\\\ \\\nEND", "%s %d \\t \\\\ \\\n"),
        Case("echo 'it'\\''s'", "it's\n"),
        Case("for i in 1 2\ndo\n  echo $i\ndone", "1\n2\n"),
        Case("cat <<END\ntext $((1 + 1))\nEND", "text 2\n"),
        Case("printf 'no newline'", "no newline"),
        Case("printf '\\377\\376\\000x\\200'", bytes: [0xFF, 0xFE, 0, 0x78, 0x80]),
        Case("echo err >&2; echo out", "err\nout\n"),
        Case("echo named > /dev/stderr; echo more > /dev/stdout", "named\nmore\n"),
        Case("# only a comment", ""),
        Case("", ""),
        Case("echo trailing\\", "trailing\n"),
        Case("false && echo no", ""),
        Case("echo 'ünï → ✓'", "ünï → ✓\n"),
        Case("cat; echo read nothing", "read nothing\n"),
        Case("cat sub/file", "deep\n"),
        Case("echo '$HOME' `echo sub`", "$HOME sub\n"),
        Case("  spaces=1; echo $spaces  ", "1\n"),
    ]

    @Test(arguments: cases, [AgentConfiguration.Sandbox.off, .required])
    func oneCommand(_ example: Case, sandbox: AgentConfiguration.Sandbox) async throws {
        try await Lab.with { lab in
            let end = try await lab.run(example.command, "echo end", sandbox: sandbox)
            #expect(end.status == .success)
            #expect(end.exitCode == 0)
            #expect(end.error == "")
            let expected = Array("+ \(example.command)\n".utf8) + example.output + Array("+ echo end\nend\n".utf8)
            #expect(lab.server.log == expected, "\(lab.server.text)")
            #expect(end.logSize == Int64(expected.count))
        }
    }

    @Test func stateCarriesOverInAStepOnly() async throws {
        try await Lab.with { lab in
            let end = try await lab.run(
                lab.job([
                    step(1, ["cd sub", "v=1", "cat file", "echo $v"]), step(2, ["cat file", "echo \"[$v]\""]),
                ]))
            #expect(end.status == .success)
            #expect(
                lab.server.text == """
                    + cd sub
                    + v=1
                    + cat file
                    deep
                    + echo $v
                    1
                    + cat file
                    content
                    + echo "[$v]"
                    []

                    """)
        }
    }

    @Test func segmentsBelongToOneStep() async throws {
        try await Lab.with { lab in
            _ = try await lab.run(lab.job([step(1, ["echo a"]), step(2, ["printf bc"]), step(3, ["echo d"])]))
            let steps = lab.server.with(\.logSteps)
            let sizes = [1, 2, 3].map { number in steps.filter { $0.step == number }.map(\.count).reduce(0, +) }
            #expect(sizes == ["+ echo a\na\n".utf8.count, "+ printf bc\nbc".utf8.count, "+ echo d\nd\n".utf8.count])
            #expect(steps.map(\.step) == steps.map(\.step).sorted())
        }
    }

    @Test(arguments: [AgentConfiguration.Sandbox.off, .required])
    func muchOutputIsWhole(_ sandbox: AgentConfiguration.Sandbox) async throws {
        try await Lab.with { lab in
            let command = "seq -f 'line %08.0f of much output' 1 700000"
            let end = try await lab.run(command, sandbox: sandbox)
            #expect(end.status == .success)
            let log = lab.server.log
            #expect(log.count == command.utf8.count + 3 + 700_000 * 29)
            let expected = try await Shell.run(command, in: "/")
            // As Data, which is compared by the C library: a loop in a debug build would hold up the other tests.
            #expect(Data(log) == Data("+ \(command)\n\(expected)".utf8))
        }
    }

    @Test func theEnvironmentIsTheSteps() async throws {
        try await Lab.with { lab in
            let odd = "a'b\"c\\d %s\n$HOME `id` ünï"
            let environment: Variables = [
                "ODD": odd, "EMPTY": "", "not-a-name": "x", "UID": "0", "OPTIND": "abc", "LD_PRELOAD": "",
            ]
            let end = try await lab.run(
                lab.job([
                    step(
                        1, ["printf '%s|%s\\n' \"$ODD\" \"$EMPTY\"", "cd \"$CI_WORKSPACE\" && cat file"],
                        environment: environment)
                ]),
                sandbox: .required)
            #expect(end.status == .success)
            #expect(lab.server.text.contains(odd + "|\n"))
            #expect(lab.server.text.hasSuffix("content\n"))
        }
    }
}
