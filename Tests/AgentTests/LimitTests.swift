import Agent
import AgentProtocol
import Core
import Foundation
import Glibc
import Testing

/// Too much output, and output that comes too fast.
@Suite struct LimitTests {
    /// What a command prints, and the log that a limit makes of it.
    private static func log(of whole: [UInt8], limit: Int) -> [UInt8] {
        let head = limit - limit / 4
        guard whole.count > limit else { return whole }
        let newline = whole[head - 1] == UInt8(ascii: "\n") ? "" : "\n"
        let line = "\(newline)skep: \(whole.count - limit) bytes of output were left out here\n"
        return whole[..<head] + Array(line.utf8) + whole[(whole.count - limit / 4)...]
    }

    @Test(arguments: [1000, 1001, 4096, 6420, 6421, 6422, 100_000])
    func beginningAndEndAreKept(limit: Int) async throws {
        try await Lab.with { lab in
            var lab = lab
            lab.tune = {
                $0.outputLimit = Int64(limit)
                $0.outputBacklog = 1 << 20
            }
            let command = "seq 1 1503"
            let end = try await lab.run(command)
            let whole = Array("+ \(command)\n".utf8) + (1...1503).flatMap { Array("\($0)\n".utf8) }
            #expect(end.status == .success)
            #expect(lab.server.log == Self.log(of: whole, limit: limit), "\(lab.server.text.suffix(2000))")
            #expect(end.logSize == Int64(lab.server.log.count))
        }
    }

    @Test func theEndIsItsSteps() async throws {
        try await Lab.with { lab in
            var lab = lab
            lab.tune = { $0.outputLimit = 4000 }
            _ = try await lab.run(
                lab.job([step(1, ["seq 1 1000"]), step(2, ["seq 1 30"]), step(3, ["seq 1 200", "exit 1"])]))
            let parts = [("seq 1 1000", 1000), ("seq 1 30", 30), ("seq 1 200", 200)].map { command, last in
                Array("+ \(command)\n".utf8) + (1...last).flatMap { Array("\($0)\n".utf8) }
            }
            let whole = Array(parts.joined()) + Array("+ exit 1\n".utf8)
            #expect(lab.server.log == Self.log(of: whole, limit: 4000), "\(lab.server.text)")
            let steps = lab.server.with(\.logSteps)
            let sizes = Dictionary(grouping: steps, by: \.step).mapValues { $0.map(\.count).reduce(0, +) }
            #expect(sizes[2] == parts[1].count && sizes[3] == parts[2].count + "+ exit 1\n".utf8.count)
        }
    }

    /// The limit is one of the log, in which a secret has another length.
    @Test func aSecretAcrossTheCutStaysHidden() async throws {
        try await Lab.with { lab in
            var lab = lab
            lab.tune = { $0.outputLimit = 2000 }
            let secret = "a secret of some length, longer than its mask"
            var job = lab.job([
                step(
                    1, ["i=0; while [ $i -lt 300 ]; do echo \"$i $S\"; i=$((i + 1)); done"],
                    environment: ["S": secret])
            ])
            job.masks = [secret]
            _ = try await lab.run(job)
            let command = "+ i=0; while [ $i -lt 300 ]; do echo \"$i $S\"; i=$((i + 1)); done\n"
            let whole = Array(command.utf8) + (0..<300).flatMap { Array("\($0) ********\n".utf8) }
            #expect(lab.server.log == Self.log(of: whole, limit: 2000), "\(lab.server.text)")
        }
    }

    @Test(arguments: [503, 429])
    func aFloodWaitsForTheServer(status: Int) async throws {
        try await Lab.with { lab in
            var lab = lab
            lab.tune = { $0.outputBacklog = 1 << 20 }
            let command = "seq -f 'line %08.0f of a flood of output' 1 1000000"
            lab.server.with {
                $0.logStatus = status
                $0.waiting.append(lab.job([step(1, [command])]))
            }
            try await lab.withAgent {
                try await eventually { lab.bytesOnDisk > 1 << 20 && lab.server.with(\.segments) > 1 }
                // Nothing says that a job stands still: it would have filled the disk several times by now.
                for _ in 0..<20 {
                    #expect(lab.bytesOnDisk < 5 << 20)
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(lab.server.with(\.ends).isEmpty)
                lab.server.with { $0.logStatus = nil }
                try await eventually(within: .seconds(180)) { lab.server.ended }
            }
            let expected = try await Shell.run(command, in: "/")
            #expect(Data(lab.server.log) == Data("+ \(command)\n\(expected)".utf8))
        }
    }

    @Test func aFloodBeyondTheLimitTakesNoDisk() async throws {
        try await Lab.with { lab in
            var lab = lab
            lab.tune = {
                $0.outputLimit = 1 << 20
                $0.outputBacklog = 1 << 20
            }
            let command = "head -c 300000000 /dev/zero"
            lab.server.with { $0.waiting.append(lab.job([step(1, [command, "echo end"])])) }
            var most = 0
            try await lab.withAgent {
                try await eventually(within: .seconds(180)) {
                    most = max(most, lab.bytesOnDisk)
                    return lab.server.ended
                }
            }
            #expect(most < 6 << 20, "\(most)")
            let around = "+ \(command)\n+ echo end\nend\n".utf8.count
            let line = "\nskep: \(300_000_000 + around - (1 << 20)) bytes of output were left out here\n"
            #expect(Data(lab.server.log).range(of: Data(line.utf8)) != nil)
            #expect(lab.server.log.suffix(15) == Array("+ echo end\nend\n".utf8)[...])
        }
    }

    @Test func aFloodCanBeCancelled() async throws {
        try await Lab.with { lab in
            var lab = lab
            lab.tune = {
                $0.outputLimit = 1 << 20
                $0.outputBacklog = 1 << 20
            }
            lab.server.with { $0.waiting.append(lab.job([step(1, ["yes"])])) }
            try await lab.withAgent {
                try await eventually { lab.server.log.count > 500_000 }
                lab.server.with { $0.isCancelled = true }
                try await eventually { lab.server.ended }
            }
            #expect(lab.server.with(\.ends).first?.status == .killed)
            #expect(Data(lab.server.log).range(of: Data("bytes of output were left out here\n".utf8)) != nil)
        }
    }
}

extension Lab {
    /// What the files of the workspace take on disk, the checkout left out.
    fileprivate var bytesOnDisk: Int {
        ["output", "log", "end"].reduce(0) { sum, name in
            var status = stat()
            guard stat("\(folder)/agent/7/\(name)", &status) == 0 else { return sum }
            return sum + Int(status.st_blocks) * 512
        }
    }
}
