import AgentProtocol
import Core
import Foundation
import LogStream
import Subprocess
import TestSupport
import Testing

/// Logs over HTTP, to the byte.
@Suite struct LogTests {
    private static let path = "/api/repos/acme/app/logs/1/1"

    /// Three segments' worth that do not compress to nothing.
    private static let log: [UInt8] = (0..<60_000).flatMap { Array("line \($0 &* 2_654_435_761 % 1_000_003) ü\n".utf8) }

    @Test func aLogIsWholeInEveryCoding() async throws {
        try await withServer { server in
            try await server.loggedRepo(Self.log)
            let whole = try await server.get(Self.path, token: server.rootToken)
            #expect(whole.body == Self.log && whole.header("Content-Type") == "text/plain; charset=utf-8")
            #expect(whole.header("Content-Length") == "\(Self.log.count)" && whole.header("Content-Encoding") == nil)
            #expect(whole.header("Vary") == "Accept-Encoding" && whole.header("Accept-Ranges") == "bytes")
            let zipped = try await server.log(Self.path, ["Accept-Encoding": "gzip, deflate, br"])
            #expect(zipped.header("Content-Encoding") == "gzip" && zipped.body.count < Self.log.count / 2)
            #expect(try await Self.unzip("gzip", ["-dc"], zipped.body) == Self.log)
            let python =
                "import sys,zlib; d=zlib.decompressobj(31); b=d.decompress(open(sys.argv[1],'rb').read()); assert d.eof and not d.unused_data; sys.stdout.buffer.write(b)"
            #expect(try await Self.unzip("python3", ["-c", python], zipped.body) == Self.log)
            #expect(zipped.header("ETag") != whole.header("ETag"))
            #expect(try await server.log(Self.path, ["Accept-Encoding": "gzip;q=0, identity;q=0"]).status == 406)
            #expect(try await server.log(Self.path, ["Accept-Encoding": "br"]).body == Self.log)
        }
    }

    @Test func rangesAreOfTheText() async throws {
        try await withServer { server in
            try await server.loggedRepo(Self.log)
            let size = Self.log.count
            for (range, slice) in [
                ("bytes=0-0", 0..<1), ("bytes=0-", 0..<size), ("bytes=100-199", 100..<200),
                ("bytes=-5", size - 5..<size),
                ("bytes=\(size - 1)-", size - 1..<size), ("bytes=0-99999999999", 0..<size),
                ("bytes=-99999999999", 0..<size),
                ("bytes=250000-800000", 250_000..<800_001), ("bytes=299999-300000", 299_999..<300_001),
                ("bytes=300000-300000", 300_000..<300_001), ("bytes=700000-700009", 700_000..<700_010),
            ] {
                let reply = try await server.log(Self.path, ["Range": range, "Accept-Encoding": "gzip"])
                #expect(
                    reply.status == 206 && reply.body == Array(Self.log[slice]),
                    "\(range): \(reply.status) \(reply.body.count)")
                #expect(reply.header("Content-Range") == "bytes \(slice.lowerBound)-\(slice.upperBound - 1)/\(size)")
                #expect(reply.header("Content-Encoding") == nil && reply.header("Content-Length") == "\(slice.count)")
            }
            for range in ["bytes=\(size)-", "bytes=99999999999999999999-", "bytes=-0"] {
                let reply = try await server.log(Self.path, ["Range": range])
                #expect(reply.status == 416 && reply.header("Content-Range") == "bytes */\(size)", "\(range)")
                #expect(reply.code == "range_not_satisfiable")
            }
            for range in ["lines=1-2", "bytes=a-b", "bytes=5-1", "bytes=0-1,5-6", "bytes"] {
                let reply = try await server.log(Self.path, ["Range": range])
                #expect(reply.status == 200 && reply.body.count == size, "\(range)")
            }
        }
    }

    @Test func anUnchangedLogIsNotSentAgain() async throws {
        try await withServer { server in
            _ = try await server.builtRepo("acme/app")
            for coding in ["gzip", "identity"] {
                let first = try await server.log(Self.path, ["Accept-Encoding": coding])
                let tag = try #require(first.header("ETag"))
                let second = try await server.log(Self.path, ["Accept-Encoding": coding, "If-None-Match": tag])
                #expect(second.status == 304 && second.body.isEmpty && second.header("ETag") == tag)
                #expect(
                    try await server.log(Self.path, ["Accept-Encoding": coding, "If-None-Match": "\"x\""]).status == 200
                )
            }
        }
    }

    @Test func aRunningJobsLogGrows() async throws {
        try await withServer { server in
            let repo = try await server.repo("acme/app")
            try await server.push(repo)
            let waiting = try await server.get(Self.path, token: server.rootToken)
            #expect(waiting.status == 200 && waiting.body.isEmpty)
            let agent = try await ScriptedAgent(server)
            let job = try await agent.start()
            #expect(try await server.get(Self.path, token: server.rootToken).status == 200)
            try await agent.log(job, offset: 0, Array("first\n".utf8))
            #expect(try await server.get(Self.path, token: server.rootToken).text == "first\n")
            let half = try await server.log(Self.path, ["Range": "bytes=2-"])
            #expect(half.status == 206 && half.text == "rst\n" && half.header("Content-Range") == "bytes 2-5/*")
            let tag = try #require(half.header("ETag"))
            #expect(try await server.log(Self.path, ["If-None-Match": tag]).status == 200)
            #expect(try await server.log(Self.path, ["Range": "bytes=6-"]).header("Content-Range") == "bytes */6")
            try await agent.log(job, offset: 6, Array("second\n".utf8))
            #expect(try await server.log(Self.path, ["Range": "bytes=6-"]).text == "second\n")
            try await agent.finish(job, logSize: 13)
            #expect(try await server.log(Self.path, ["Range": "bytes=6-"]).header("Content-Range") == "bytes 6-12/13")
        }
    }

    @Test func aStepIsReadByNumberOrName() async throws {
        try await withServer { server in
            let repo = try await server.repo("acme/app")
            try await server.push(
                repo,
                "steps:\n  - name: test\n    image: b\n    commands: [a]\n  - name: \"2\"\n    image: b\n    commands: [b]\n"
            )
            let agent = try await ScriptedAgent(server)
            let job = try await agent.start()
            try await agent.log(job, offset: 0, Array("+ a\n".utf8), step: 1)
            try await agent.log(job, offset: 4, Array("+ b\n".utf8), step: 2)
            try await agent.log(job, offset: 8, Array("more\n".utf8), step: 2)
            try await agent.finish(job, logSize: 13)
            for (step, text) in [("1", "+ a\n"), ("test", "+ a\n"), ("2", "+ b\nmore\n"), ("0", "")] {
                let reply = try await server.get("\(Self.path)?step=\(step)", token: server.rootToken)
                #expect(reply.status == 200 && reply.text == text, "\(step): \(reply.text)")
                let zipped = try await server.log("\(Self.path)?step=\(step)", ["Accept-Encoding": "gzip"])
                #expect(try await Self.unzip("gzip", ["-dc"], zipped.body) == Array(text.utf8), "\(step)")
            }
            for step in ["3", "none", "-1", ""] {
                #expect(
                    try await server.get("\(Self.path)?step=\(step)", token: server.rootToken).status == 404, "\(step)")
            }
        }
    }

    @Test func aJobWithoutOutputHasAnEmptyLog() async throws {
        try await withServer { server in
            _ = try await server.builtRepo("acme/app", log: [])
            let reply = try await server.get(Self.path, token: server.rootToken)
            #expect(
                reply.status == 200 && reply.body.isEmpty && reply.header("Content-Type") == "text/plain; charset=utf-8"
            )
            let zipped = try await server.log(Self.path, ["Accept-Encoding": "gzip"])
            #expect(try await Self.unzip("gzip", ["-dc"], zipped.body) == [])
            #expect(try await server.log(Self.path, ["Range": "bytes=0-"]).status == 416)
            let build = try await server.waitingBuild("acme/app")
            try await server.cancel("acme/app", build)
            let killed = try await server.get("/api/repos/acme/app/logs/\(build)/1", token: server.rootToken)
            #expect(killed.status == 200 && killed.body.isEmpty)
        }
    }

    /// What a program makes of the bytes, which it is given as a file: a pipe breaks when it gives up early.
    private static func unzip(_ program: String, _ arguments: [String], _ bytes: [UInt8]) async throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("skep-log-\(UUID().uuidString).gz")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let result = try await Subprocess.run(
            .name(program), arguments: Arguments(arguments + [file.path]), output: .bytes(limit: 64 << 20),
            error: .string(limit: 1 << 16))
        guard case .exited(0) = result.terminationStatus else {
            throw NotInTime(description: "\(program): \(result.standardError)")
        }
        return result.standardOutput
    }
}

extension TestServer {
    fileprivate func log(_ path: String, _ headers: [String: String]) async throws -> TestReply {
        try await request("GET", path, token: rootToken, headers: headers)
    }

    /// A repository whose build 1 has this log, sent in segments of 300,000 bytes.
    fileprivate func loggedRepo(_ log: [UInt8]) async throws {
        let repo = try await repo("acme/app")
        try await push(repo)
        let agent = try await ScriptedAgent(self)
        let job = try await agent.start()
        for start in stride(from: 0, to: log.count, by: 300_000) {
            let reply = try await agent.log(
                job, offset: Int64(start), Array(log[start..<min(start + 300_000, log.count)]))
            try #require(reply.status == 204, "\(reply.text)")
        }
        try #require(try await agent.finish(job, logSize: Int64(log.count)).status == 204)
    }
}
