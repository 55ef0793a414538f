import Agent
import AgentProtocol
import Core
import Foundation
import Logging
import Testing

/// A folder, a repository with one commit, a server and an agent for one test.
struct Lab {
    let folder: String
    let repository: String
    let commit: String
    let server = ScriptedServer()
    /// Changes the agent's configuration.
    var tune: @Sendable (inout AgentConfiguration) -> Void = { _ in }

    /// The `skep` program that stands beside the tests.
    static var executable: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: tests).deletingLastPathComponent().path + "/skep"
    }

    static func with(_ body: (Lab) async throws -> Void) async throws {
        try #require(FileManager.default.isExecutableFile(atPath: executable), "the program skep is not built")
        await Permits.shared.take()
        let folder = FileManager.default.temporaryDirectory.path + "/skep-agent-" + UUID().uuidString
        let result: Result<Void, any Error>
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            result = .success(try await body(Lab(folder: folder)))
        } catch {
            result = .failure(error)
        }
        try? FileManager.default.removeItem(atPath: folder)
        await Permits.shared.give()
        try result.get()
    }

    private init(folder: String) async throws {
        self.folder = folder
        repository = folder + "/repository.git"
        let script = """
            set -e
            export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
            git init -q -b main work; cd work
            echo content > file; mkdir sub; echo deep > sub/file; git add .
            git -c user.name=t -c user.email=t@example.com commit -qm first
            git clone -q --bare . ../repository.git; git rev-parse HEAD
            """
        commit = try await Shell.run(script, in: folder).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func configuration(_ sandbox: AgentConfiguration.Sandbox) -> AgentConfiguration {
        var configuration = AgentConfiguration(
            server: "http://localhost", token: "secret", name: "tester", labels: ["os": "linux"], slots: 1,
            folder: folder + "/agent", sandbox: sandbox)
        configuration.executable = Self.executable
        tune(&configuration)
        return configuration
    }

    func job(_ steps: [StepPlan], timeout: Int = 60, attempt: Int64 = 7) -> ClaimedJob {
        ClaimedJob(
            attemptID: attempt, attempt: 1, repo: "octocat/hello", build: 1, job: 1, timeout: timeout, lease: 1,
            clone: CloneInstruction(remote: repository, ref: "refs/heads/main", commit: commit),
            plan: JobPlan(steps: steps))
    }

    /// Runs one agent while `body` runs, and then takes it away.
    func withAgent(_ sandbox: AgentConfiguration.Sandbox = .off, _ body: () async throws -> Void) async throws {
        try await withAgent(configuration(sandbox), body)
    }

    func withAgent(_ configuration: AgentConfiguration, _ body: () async throws -> Void) async throws {
        let service = AgentService(
            configuration: configuration, connection: server,
            logger: Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() })
        let agent = Task { try await service.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        agent.cancel()
        try await agent.value
        try result.get()
    }

    /// Runs the job to its reported end.
    func run(
        _ job: ClaimedJob, sandbox: AgentConfiguration.Sandbox = .off, leaving left: [String] = []
    ) async throws -> JobEnd {
        try await run(job, configuration: configuration(sandbox), leaving: left)
    }

    func run(
        _ job: ClaimedJob, configuration: AgentConfiguration, leaving left: [String] = []
    ) async throws -> JobEnd {
        server.with { $0.waiting.append(job) }
        try await withAgent(configuration) { try await eventually { server.ended } }
        let ends = server.with(\.ends)
        #expect(ends.count == 1)
        #expect(server.with(\.violations) == [])
        #expect(leftFolders == left)
        return try #require(ends.first)
    }

    func run(_ commands: String..., sandbox: AgentConfiguration.Sandbox = .off) async throws -> JobEnd {
        try await run(job([step(1, commands)]), sandbox: sandbox)
    }

    /// The workspaces that are there.
    var leftFolders: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder + "/agent")) ?? []).filter {
            !["lock", "identity"].contains($0)
        }
    }
}

extension ScriptedServer {
    var ended: Bool { with { !$0.ends.isEmpty } }
    var log: [UInt8] { with(\.log) }
    var text: String { String(decoding: log, as: UTF8.self) }

    /// Step, last status and exit code.
    var steps: [String] {
        with { state in
            var last: [Int: StepUpdate] = [:]
            for update in state.updates { last[update.number] = update }
            return last.values.sorted { $0.number < $1.number }.map { "\($0.number) \($0.status) \($0.exitCode)" }
        }
    }
}

func step(
    _ number: Int, _ commands: [String], environment: Variables = [:], on runsOn: Set<StepPlan.Outcome> = [.success]
) -> StepPlan {
    StepPlan(
        number: number, name: "step \(number)", image: "", commands: commands, environment: environment, runsOn: runsOn)
}

/// Waits until `condition` holds, for at most 20 s.
func eventually(
    within limit: Duration = .seconds(120), _ condition: () throws -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let deadline = ContinuousClock.now + limit
    while try !condition() {
        try #require(ContinuousClock.now < deadline, "it did not happen in time", sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(40))
    }
}
