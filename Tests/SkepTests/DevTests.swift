import Foundation
import TestSupport
import Testing

/// The real program, as the README's reader uses it.
@Suite struct DevTests {
    private let matrix = """
        build:
          image: busybox
          commands:
            - echo "$OS on $ARCH"
            - printf 'no end'
        matrix:
          OS: [linux, plan9]
          ARCH: [amd64, arm64]

        """

    @Test func aPushedMatrixBecomesFourJobsWithExactLogs() async throws {
        try await DevData.withFolder { data in
            let dev = try await DevProcess(data)
            try await data.forge.create("octocat/hello")
            try await dev.request("POST", "/api/repos/octocat/hello", expecting: 200)
            try await data.forge.commit([".drone.yml": matrix], to: "octocat/hello")
            let build = try await dev.ended("octocat/hello", 1)
            #expect(build["status"] as? String == "success")
            for (job, (os, arch)) in zip(
                1..., [("linux", "amd64"), ("linux", "arm64"), ("plan9", "amd64"), ("plan9", "arm64")])
            {
                let log = try await dev.get("/api/repos/octocat/hello/logs/1/\(job)")
                #expect(
                    String(decoding: log, as: UTF8.self)
                        == "+ echo \"$OS on $ARCH\"\n\(os) on \(arch)\n+ printf 'no end'\nno end")
            }
            #expect(try await dev.interrupt() == 0)
            #expect(data.postmaster == nil)
        }
    }

    @Test func aSecondStartGoesOnWithTheSameDataAndToken() async throws {
        try await DevData.withFolder { data in
            let first = try await DevProcess(data)
            try await data.forge.create("octocat/hello")
            try await first.request("POST", "/api/repos/octocat/hello", expecting: 200)
            #expect(try await first.interrupt() == 0)
            // Nobody hears of this push; the next start finds it.
            try await data.forge.commit(
                [".drone.yml": "build: {image: x, commands: [echo found]}\n"], to: "octocat/hello")
            let second = try await DevProcess(data)
            #expect(second.token == first.token)
            #expect(try await second.ended("octocat/hello", 1)["status"] as? String == "success")
            #expect(try await second.interrupt() == 0)
        }
    }

    @Test func killedWhileTwentyBuildsRunAndWaitAllOfThemEnd() async throws {
        try await DevData.withFolder { data in
            let script = "for i in 1 2 3 4 5 6 7 8; do echo line $i of $CI_BUILD_NUMBER; sleep 0.25; done"
            let first = try await DevProcess(data, arguments: ["--slots", "4", "--lease", "10"])
            try await data.forge.create("octocat/hello")
            try await first.request("POST", "/api/repos/octocat/hello", expecting: 200)
            for number in 1...20 {
                try await data.forge.commit(
                    [".drone.yml": "build:\n  image: x\n  commands:\n    - \(script)\n", "n": "\(number)"],
                    to: "octocat/hello",
                    message: "Change \(number)")
            }
            try await eventually(timeout: .seconds(180)) {
                let log = try await first.get("/api/repos/octocat/hello/logs/3/1")
                return String(decoding: log, as: UTF8.self).contains("line 2")
            }
            try await first.killHard()
            let second = try await DevProcess(data, arguments: ["--slots", "4", "--lease", "10"])
            var attempts: [Int] = []
            for number in 1...20 {
                let build = try await second.ended("octocat/hello", number, timeout: .seconds(120))
                #expect(build["status"] as? String == "success")
                let job = try #require((build["jobs"] as? [[String: Any]])?.first)
                let last = try #require(job["attempt"] as? Int)
                attempts.append(last)
                let expected = "+ \(script)\n" + (1...8).map { "line \($0) of \(number)\n" }.joined()
                for attempt in 1...last {
                    let log = try await second.get("/api/repos/octocat/hello/logs/\(number)/1?attempt=\(attempt)")
                    let text = String(decoding: log, as: UTF8.self)
                    if attempt == last { #expect(text == expected) } else { #expect(expected.hasPrefix(text)) }
                }
            }
            #expect(attempts.contains { $0 > 1 })
            #expect(try await second.interrupt() == 0)
        }
    }

    @Test func aLogOfTwoHundredMegabytesIsExactAndCostsNoMemory() async throws {
        try await DevData.withFolder { data in
            let dev = try await DevProcess(data)
            try await data.forge.create("octocat/big")
            try await dev.request("POST", "/api/repos/octocat/big", expecting: 200)
            let command =
                "seq -f 'line %.0f of a long and winding log, with text to make it longer' 3000000 | head -c 209715200"
            try await data.forge.commit(
                [".drone.yml": "build:\n  image: x\n  commands:\n    - \(command)\n"], to: "octocat/big")
            let build = try await dev.ended("octocat/big", 1, timeout: .seconds(300))
            #expect(build["status"] as? String == "success")
            #expect(dev.residentBytes < 200 << 20)
            let downloaded = data.path + "/log"
            try await Shell.run(
                "curl -sf -H 'Authorization: Bearer \(dev.token)' '\(dev.url)/api/repos/octocat/big/logs/1/1' -o \(downloaded)"
            )
            let compared = try await Shell.run(
                "( echo \"+ \(command)\"; \(command) ) | cmp - \(downloaded) && echo same")
            #expect(compared == "same\n")
            #expect(dev.residentBytes < 200 << 20)
            #expect(try await dev.interrupt() == 0)
        }
    }
}
