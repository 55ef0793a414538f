import Agent
import AgentProtocol
import Core
import Foundation
import TestSupport
import Testing

/// Steps as containers of a real engine.
@Suite(.needsEngine) struct ContainerTests {
    @Test func theLogIsExact() async throws {
        try await ContainerLab.with { lab in
            let order = "for i in 1 2 3 4 5 6 7 8; do echo out $i; echo err $i >&2; done"
            let end = try await lab.run(
                order, #"printf 'a\377\000b\r\n'"#, "echo named > /dev/stderr", "printf 'no end'")
            #expect(end.status == .success)
            var expected = Array("+ \(order)\n".utf8)
            for number in 1...8 { expected += Array("out \(number)\nerr \(number)\n".utf8) }
            expected += Array("+ printf 'a\\377\\000b\\r\\n'\na".utf8) + [0xFF, 0] + Array("b\r\n".utf8)
            expected += Array("+ echo named > /dev/stderr\nnamed\n+ printf 'no end'\nno end".utf8)
            #expect(lab.server.log == expected)
        }
    }

    @Test func alongLogHasEveryByte() async throws {
        try await ContainerLab.with { lab in
            let command = "seq 1 2000000"
            let end = try await lab.run(command)
            #expect(end.status == .success)
            let expected = "+ \(command)\n" + (1...2_000_000).map { "\($0)\n" }.joined()
            #expect(lab.server.log.elementsEqual(expected.utf8))
        }
    }

    @Test(arguments: [("exit 3", 3), ("false", 1), ("nosuchprogram", 127), ("kill -9 $$", 137), ("kill -TERM $$", 143)])
    func aFailingCommandEndsTheJob(_ command: String, code: Int) async throws {
        try await ContainerLab.with { lab in
            let end = try await lab.run(command, "echo never")
            #expect(end.status == .failure)
            #expect(end.exitCode == code)
            #expect(lab.server.steps == ["0 success 0", "1 failure \(code)"])
            #expect(!lab.server.text.contains("never") && !lab.server.text.contains("skep: "))
        }
    }

    @Test func stepsShareTheWorkspaceAndTheHome() async throws {
        try await ContainerLab.with { lab in
            let first = container(1, ["cat sub/file", "echo 1 > made; echo 2 > ~/made; echo 3 > /tmp/made"])
            var second = container(
                2, ["cat made ~/made /tmp/made", "echo $CI_WORKSPACE $PWD $A", "env | grep -c SECRET || true"],
                environment: ["A": "it's $HOME", "SECRET": "s"])
            second.environment["LD_PRELOAD"] = "/nowhere.so"
            let end = try await lab.run(lab.lab.job([first, second]))
            #expect(end.status == .success)
            let lines = lab.server.text.split(separator: "\n").filter { !$0.hasPrefix("+ ") }
            #expect(lines == ["deep", "1", "2", "3", "/skep/workspace /skep/workspace it's $HOME", "1"])
        }
    }

    @Test func limitsAreTheContainers() async throws {
        try await ContainerLab.with { lab in
            let end = try await lab.run(
                "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null || true",
                "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null || true",
                "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null || true"
            ) {
                $0.memory = 64 << 20
                $0.pids = 321
                $0.cpus = 0.5
            }
            #expect(end.status == .success)
            let lines = lab.server.text.split(separator: "\n").filter { !$0.hasPrefix("+ ") }
            #expect(lines == ["67108864", "321", "50000"] || lines == ["67108864", "321", "50000 100000"])
        }
    }

    @Test func oneWithoutMemoryLeftIsSaidToBe() async throws {
        try await ContainerLab.with { lab in
            let hungry = "x=a; while true; do x=$x$x; done"
            let end = try await lab.run(hungry, "echo never") { $0.memory = 16 << 20 }
            #expect(end.status == .failure)
            #expect(end.exitCode == 137)
            #expect(lab.server.text.contains("\nskep: killed: out of memory (limit 16 MB)\n"))
            #expect(!lab.server.text.contains("never"))
        }
    }

    @Test func processesAreLimited() async throws {
        try await ContainerLab.with { lab in
            let end = try await lab.run("for i in $(seq 40); do sleep 5 & done; echo all") { $0.pids = 20 }
            #expect(end.status == .failure)
            #expect(!lab.server.text.contains("\nall\n"))
        }
    }

    /// What a step sees of its rights: effective capabilities, and whether it can get no others.
    private func rights(trusted: Bool, privileged: Bool) async throws -> [Substring] {
        var lines: [Substring] = []
        try await ContainerLab.with { lab in
            var step = container(1, ["grep -E 'CapEff|NoNewPrivs' /proc/self/status | cut -f2"])
            step.privileged = privileged
            _ = try await lab.run(lab.job([step], services: [], trusted: trusted))
            lines = lab.server.text.split(separator: "\n").filter { !$0.hasPrefix("+ ") }
        }
        return lines
    }

    @Test func rightsAreFewUnlessTheRepositoryIsTrusted() async throws {
        // CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, NET_BIND_SERVICE: bits 0, 1, 3 to 7 and 10.
        let few = try await rights(trusted: false, privileged: false)
        #expect(few == ["00000000000004fb", "1"])
        #expect(
            try await rights(trusted: false, privileged: true) == few, "an agent does not take a step's word for it")
        #expect(try await rights(trusted: true, privileged: false) == ["00000000a80425fb", "0"])
        let all = try await rights(trusted: true, privileged: true)
        // An engine that does not have all rights itself cannot give them, and says so.
        let isRefused = all.first?.contains("unable to apply caps") == true
        #expect(try isRefused || #require(UInt64(all[0], radix: 16)) & (1 << 21) != 0, "CAP_SYS_ADMIN")
    }

    @Test func anImageThatCannotBeHadEndsInError() async throws {
        for (policy, reason) in [
            (PullPolicy.never, "is not on the agent's machine"), (.ifNotExists, "cannot be pulled: "),
        ] {
            try await ContainerLab.with { lab in
                var step = container(1, ["echo never"])
                step.image = "127.0.0.1:9/skep/none:1"
                step.pull = policy
                let end = try await lab.run(lab.lab.job([step]))
                #expect(end.status == .error)
                #expect(lab.server.text.hasPrefix("skep: image 127.0.0.1:9/skep/none:1 \(reason)"))
                #expect(end.error.contains(reason))
            }
        }
        try await ContainerLab.with { lab in
            let end = try await lab.run(lab.lab.job([step(1, ["echo never"])]))
            #expect(end.status == .error)
            #expect(lab.server.text.contains("add `image:`"))
        }
    }

    @Test func anEngineThatDoesNotSeeTheFolderIsExplained() async throws {
        try await ContainerLab.with { lab in
            let end = try await lab.run("echo never") { $0.engineFolder = "/nowhere" }
            #expect(end.status == .error)
            #expect(lab.server.text.contains("agent.engine_folder"))
        }
    }
}
