import Foundation
import TestSupport
import Testing

/// `skep config`, and what a wrong configuration is answered with.
@Suite struct ConfigCommandTests {
    @Test func allThatIsWrongIsSaidAtOnce() async throws {
        let yaml = """
            limits:
              connections: many
            proxies:
              hedaer: forwarded
            log:
              level: loud
            """
        try await withFile(yaml) { file in
            let run = try await ProgramRun.run(
                "config", "check", "--config", file,
                environment: [
                    "SKEP_AGENTS_LEASE": "5", "SKEP_LISTN": "127.0.0.1:1", "SKEP_LIMITS_HEADER": "1",
                    "SKEP_DATABASE_URL_FILE": "/nowhere/url", "SKEP_OF_ANOTHER_PROGRAM": "1",
                ])
            #expect(run.exitCode == 78 && run.output.isEmpty)
            #expect(
                Set(run.errors.split(separator: "\n").map(String.init)) == [
                    "skep: limits.connections (\(file), line 2) must be a whole number, 1 to 1000000; it is \"many\".",
                    "skep: proxies.hedaer (\(file), line 4) is no setting; proxies.header is one.",
                    "skep: log.level (\(file), line 6) must be one of trace, debug, info, notice, warning, error, critical; it is \"loud\".",
                    "skep: agents.lease (SKEP_AGENTS_LEASE) must be a whole number, 10 to 3600; it is \"5\".",
                    "skep: SKEP_LISTN (environment) is no setting; SKEP_LISTEN is one.",
                    "skep: SKEP_LIMITS_HEADER (environment) is no setting.",
                    "skep: database.url_file (SKEP_DATABASE_URL_FILE): /nowhere/url cannot be read.",
                ])
        }
    }

    @Test(arguments: ["a: [", "a: 1\na: 2", "- a", "database: {url: &x canary}\nb: *y"])
    func whatIsNoYAMLIsToldByItsLine(yaml: String) async throws {
        try await withFile(yaml) { file in
            let run = try await ProgramRun.run("config", "check", "--config", file)
            #expect(run.exitCode == 1 && run.errors.hasPrefix("skep: \(file)"), "\(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1 && !run.errors.contains("canary"))
        }
    }

    @Test func secretsAreNotPrinted() async throws {
        try await withFile("database:\n  url: postgresql://skep:canary@db/skep\nlisten: \"[::1]:80\"\n") { file in
            let run = try await ProgramRun.run(
                "config", "print", "--config", file, environment: ["SKEP_AGENT_TOKEN": "canary"])
            #expect(run.exitCode == 0 && !run.output.contains("canary"))
            #expect(run.output.contains("  url: \"[redacted]\"  # \(file), line 2\n"))
            #expect(run.output.contains("listen: \"[::1]:80\"  # \(file), line 3\n"))
            #expect(run.output.contains("  header: \"x-forwarded-for\"  # default\n"))
        }
    }

    @Test func forgesThatAreNamedHaveSettingsOfTheirOwn() async throws {
        let file = """
            forges:
              names: [hub]
              hub:
                kind: githob
                token: canary
            """
        try await withFile(file) { file in
            let wrong = ["SKEP_FORGES_HUB_TIMEOUT": "0", "SKEP_FORGES_GITLAB_KIND": "gitlab"]
            let check = try await ProgramRun.run(["config", "check", "--config", file], environment: wrong)
            #expect(check.exitCode == 78)
            #expect(
                check.errors.split(separator: "\n") == [
                    "skep: SKEP_FORGES_GITLAB_KIND (environment) is no setting.",
                    "skep: forges.hub.kind (\(file), line 4) must be one of github, gitea, gitlab; it is \"githob\".",
                    """
                    skep: forges.hub.timeout (SKEP_FORGES_HUB_TIMEOUT) must be a whole number, 1 to 300; it is "0".
                    """,
                ])
            let right = ["SKEP_FORGES_HUB_KIND": "github"]
            let print = try await ProgramRun.run(["config", "print", "--config", file], environment: right)
            let kind = "\n  hub:\n    kind: \"github\"  # SKEP_FORGES_HUB_KIND\n"
            #expect(print.output.contains(kind), "\(print.output)")
            #expect(print.output.contains("\n    token: \"[redacted]\"") && !print.output.contains("canary"))
        }
    }

    /// Each setting of the program is in `config/skep.yaml`, and the other way round.
    @Test func theAnnotatedFileHasEverySetting() async throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../config/skep.yaml"
        ).path
        let check = try await ProgramRun.run("config", "check", "--config", path)
        #expect(check.exitCode == 0 && check.output == "The configuration is good.\n", "\(check.errors)")
        // The file shows a forge by this name.
        let forges = ["SKEP_FORGES_NAMES": "hub"]
        let printed = keys(in: try await ProgramRun.run(["config", "print"], environment: forges).output)
        var annotated = keys(in: try String(contentsOfFile: path, encoding: .utf8))
        for key in annotated where key.hasSuffix("_file") && !printed.contains(key) {
            annotated.remove(key)
            annotated.insert(String(key.dropLast("_file".count)))
        }
        #expect(annotated == printed)
    }

    /// Of lines such as `key: value`, also where they are commented out; sections put in front.
    private func keys(in yaml: String) -> Set<String> {
        var sections: [String] = []
        var keys: Set<String> = []
        for line in yaml.split(separator: "\n") {
            guard let match = line.wholeMatch(of: /( *)(?:# )?([a-z_]+):( .*)?/) else { continue }
            let (depth, key, value) = (match.1.count / 2, String(match.2), match.3 ?? "")
            sections.removeLast(max(0, sections.count - depth))
            if value.isEmpty {
                sections.append(key)
            } else if !["true", "false"].contains(key) {
                keys.insert((sections + [key]).joined(separator: "."))
            }
        }
        return keys
    }

    private func withFile(_ text: String, _ body: (String) async throws -> Void) async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("skep-\(UUID().uuidString).yaml").path
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await body(file)
    }
}
