import AgentProtocol
import Core
import Store
import Synchronization
import TestSupport
import Testing

/// What a `.drone.yml` makes.
@Suite struct StartTests {
    @Test func aMatrixMakesItsJobsInTheOrderWritten() async throws {
        try await withLab { lab in
            let file = "matrix:\n  SWIFT: [\"6.2\", \"6.1\"]\n  DB: [pg, my]\nbuild:\n  image: a\n  commands: [b]\n"
            lab.forge.state.withLock { $0.file = file }
            let number = try await lab.push()
            let build = try await lab.build(number)
            #expect(build.build.status == .pending)
            #expect(build.jobs.map(\.number) == [1, 2, 3, 4])
            #expect(
                build.jobs.map(\.environment) == [
                    #"{"SWIFT":"6.2","DB":"pg"}"#, #"{"SWIFT":"6.2","DB":"my"}"#, #"{"SWIFT":"6.1","DB":"pg"}"#,
                    #"{"SWIFT":"6.1","DB":"my"}"#,
                ])
            #expect(try await lab.number("select count(*) from queue q join jobs j using (id)") == 4)
            let job = try await lab.claimed()
            #expect(job.job == 1 && job.plan.steps.last?.environment["SWIFT"] == "6.2")
        }
    }

    @Test func aBrokenFileMakesABuildThatSaysWhere() async throws {
        try await withLab { lab in
            lab.forge.state.withLock { $0.file = "build:\n  image: a\n  comands: [b]\n" }
            let receipt = try await lab.deliver(
                RefChange(ref: "refs/heads/main", before: nil, after: Lab.commit(1)), id: "1")
            try await lab.handleDeliveries()
            #expect(try await lab.outcome(receipt) == "built {1}")
            let build = try await lab.build(1)
            #expect(build.build.status == .error && build.build.finishedAt != nil)
            #expect(build.jobs.map(\.status) == [.error])
            let log = try await lab.log(build: 1)
            #expect(log.hasPrefix("skep: .drone.yml, ") && log.hasSuffix("\n") && log.count(where: \.isNewline) == 1)
            #expect(log.contains("line 3") && log.contains("column 3") && log.contains("commands"))
            #expect(log == "skep: \(build.build.error)\n")
            #expect(try await lab.number("select count(*) from queue") == 0)
            #expect(try await lab.claim() == nil)
        }
    }

    @Test(arguments: [
        "", "\u{1}", "a: [", "build: &a [*a]", "matrix:\n  A: [1]\n", String(repeating: "#", count: 1 << 20) + "#",
    ])
    func noFileIsTooOddForABuild(file: String) async throws {
        try await withLab { lab in
            lab.forge.state.withLock { $0.file = file }
            let number = try await lab.push()
            #expect(number == 1)
            #expect(try await lab.build(1).build.status == .error)
            #expect(try await lab.log(build: 1).hasPrefix("skep: .drone.yml"))
        }
    }

    @Test func aConfigurationIsStoredOnce() async throws {
        try await withLab { lab in
            for number in 1...3 { try await lab.push(Lab.commit(number)) }
            #expect(try await lab.number("select count(*) from build_configs") == 1)
        }
    }
}
