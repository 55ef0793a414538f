import AgentProtocol
import Builds
import Core
import Foundation
import TestSupport
import Testing

/// Logs that are read along while they are written.
@Suite struct TailTests {
    private static let path = "/api/stream/acme/app/1/1"

    /// Characters of every length, and bytes that are none: alone, cut short, too long, surrogates.
    private static let awkward: [UInt8] = (0..<400).flatMap { index -> [UInt8] in
        switch index % 8 {
        case 0: Array("line \(index) → ünï 🐝 ✓\r\n".utf8)
        case 1: [0xFF, 0xC3]
        case 2: [0xE2, 0x82]
        case 3: Array("\u{0}\u{1B}[31m\"\\\t".utf8)
        case 4: [0xF0, 0x9F, 0x90]
        case 5: [0xED, 0xA0, 0x80, 0xC0, 0xAF, 0xF4, 0x90, 0x80]
        case 6: [0x80, 0xE0, 0x80, 0xF0, 0x9F]
        default: Array("🐝é€".utf8)
        }
    }

    @Test(.timeLimit(.minutes(10))) func aViewerThatComesBackSeesTheLogToTheByte() async throws {
        // The scripted agent sends no heartbeats.
        try await withServer(lease: 3600) { server in
            try await server.withAnother { peer in
                let job = try await server.runningJob()
                let log = Self.awkward + Array("the end".utf8) + [0xE2, 0x82]
                async let written: Void = job.write(log, inPiecesUpTo: 37)
                var reader = Reader()
                for turn in 0..<12 where !reader.hasEnded {
                    let place = turn % 2 == 0 ? server : peer
                    try await reader.read(place, Self.path, events: turn < 11 ? 7 : nil)
                }
                try await written
                while !reader.hasEnded { try await reader.read(server, Self.path, events: nil) }
                let stored = try await server.get("/api/repos/acme/app/logs/1/1", token: server.rootToken)
                #expect(stored.body == log)
                #expect(reader.text == stored.text)
                #expect(reader.turns > 10)
                #expect(reader.position == log.count)
                #expect(reader.end?["status"] as? String == "success")
                let again = try await peer.stream(Self.path, token: peer.rootToken, after: reader.lastID)
                #expect(again.status == 204)
            }
        }
    }

    @Test func anyOffsetWillDo() async throws {
        try await withServer(lease: 3600) { server in
            let log = Array("aü🐝 the rest of it".utf8)
            let job = try await server.runningJob()
            try await job.write(log)
            for offset in 0...log.count + 1 {
                var reader = Reader()
                try await reader.read(server, "\(Self.path)?offset=\(offset)", events: nil)
                #expect(reader.text == String(decoding: log.dropFirst(offset), as: UTF8.self), "\(offset)")
                #expect(reader.hasEnded)
            }
            for wrong in ["offset=-1", "offset=x", "attempt=0"] {
                #expect(try await server.get("\(Self.path)?\(wrong)", token: server.rootToken).status == 400)
            }
            #expect(try await server.stream(Self.path, token: server.rootToken, after: "x").status == 400)
            #expect(try await server.get("\(Self.path)?attempt=2", token: server.rootToken).status == 404)
            #expect(try await server.get("/api/stream/acme/app/1/2", token: server.rootToken).status == 404)
        }
    }

    @Test func headersAreThoseOfAStream() async throws {
        try await withServer(lease: 3600) { server in
            _ = try await server.runningJob()
            let stream = try await server.stream(Self.path, token: server.rootToken)
            #expect(stream.status == 200)
            #expect(stream.header("Content-Type") == "text/event-stream; charset=utf-8")
            #expect(stream.header("Cache-Control") == "no-store")
            #expect(stream.header("X-Accel-Buffering") == "no")
        }
    }

    @Test func manyReadAlong() async throws {
        try await withServer(lease: 3600) { server in
            try await server.withAnother { peer in
                let job = try await server.runningJob()
                let log = (0..<3000).flatMap { Array("line \($0) ü\n".utf8) }
                try await withThrowingTaskGroup(of: String.self) { group in
                    for index in 0..<60 {
                        group.addTask {
                            var reader = Reader()
                            let place = index % 2 == 0 ? server : peer
                            try await reader.read(place, Self.path, events: nil)
                            return reader.text
                        }
                    }
                    try await eventually { server.openStreams == 30 && peer.openStreams == 30 }
                    try await job.write(log, inPiecesUpTo: 900)
                    for try await text in group { #expect(text == String(decoding: log, as: UTF8.self)) }
                }
                try await eventually { server.openStreams == 0 && peer.openStreams == 0 }
            }
        }
    }

    /// More than is kept in memory for those who read along.
    @Test func whoIsBehindReadsTheRestFromTheDatabase() async throws {
        try await withServer(lease: 3600) { server in
            let job = try await server.runningJob()
            let slow = try await server.stream(Self.path, token: server.rootToken)
            let log = (0..<400_000).flatMap { Array("line \($0 &* 2_654_435_761)\n".utf8) }
            try await job.write(log, inPiecesUpTo: 700_000)
            var reader = Reader()
            while let event = try await slow.next() { try reader.take(event) }
            #expect(reader.hasEnded && Data(reader.text.utf8) == Data(log))
        }
    }

    @Test func aJobThatWaitsIsWaitedFor() async throws {
        try await withServer(lease: 3600) { server in
            let repo = try await server.repo("acme/app")
            try await server.push(repo)
            var reader = Reader()
            let stream = try await server.stream(Self.path, token: server.rootToken)
            let agent = try await ScriptedAgent(server)
            let job = RunningJob(agent: agent, job: try await agent.start())
            try await job.write(Array("hello\n".utf8), inPiecesUpTo: 3)
            try await reader.read(stream, events: nil)
            #expect(reader.text == "hello\n" && reader.hasEnded && reader.names == [])
            let waiting = try await server.waitingBuild("acme/app")
            let killed = try await server.stream("/api/stream/acme/app/\(waiting)/1", token: server.rootToken)
            try await server.cancel("acme/app", waiting)
            reader = Reader()
            try await reader.read(killed, events: nil)
            #expect(reader.end?["status"] as? String == "killed" && reader.text == "")
            let path = "/api/stream/acme/app/\(waiting)/1"
            #expect(try await server.stream(path, token: server.rootToken, after: reader.lastID).status == 204)
        }
    }

    @Test func aRestartGoesOnWithTheNextAttempt() async throws {
        try await withServer(lease: 3600) { server in
            let job = try await server.runningJob()
            try await job.write(Array("first\n".utf8))
            var reader = Reader()
            try await reader.read(server, Self.path, events: nil)
            let seen = try #require(reader.lastID)
            let build = "/api/repos/acme/app/builds/1"
            #expect(try await server.request("POST", build, token: server.rootToken).status == 202)
            // One that has seen the end of the first attempt, one that is in its middle, and one that names it.
            var after = try await server.stream(Self.path, token: server.rootToken, after: seen)
            let middle = try await server.stream(Self.path, token: server.rootToken, after: "3")
            #expect(try await middle.next()?.data == #"{"offset":3,"text":"st\n"}"#)
            let second = RunningJob(agent: job.agent, job: try await job.agent.start())
            try await second.write(Array("second\n".utf8), status: .failure)
            for _ in 0..<2 {
                #expect(
                    try await after.next() == StreamedEvent(id: "0-2", name: "attempt", data: #"{"attempt":2}"#))
                #expect(
                    try await after.next()
                        == StreamedEvent(id: "7-2", data: #"{"offset":0,"text":"second\n"}"#))
                let end = try #require(try await after.next())
                let status = try end.object()["status"] as? String
                #expect(end.id == "end-2" && end.name == "end" && status == "failure")
                #expect(try await after.next() == nil)
                after = middle
            }
            let pinned = try await server.stream("\(Self.path)?attempt=1", token: server.rootToken)
            reader = Reader()
            try await reader.read(pinned, events: nil)
            #expect(reader.text == "first\n" && reader.end?["status"] as? String == "success")
            #expect(try await server.stream(Self.path, token: server.rootToken, after: "end-2").status == 204)
        }
    }

    @Test func aStoppingServerEndsItsStreams() async throws {
        try await withServer(lease: 3600) { server in
            _ = try await server.runningJob()
            try await server.withAnother { peer in
                let tail = try await peer.stream(Self.path, token: peer.rootToken)
                let events = try await peer.stream("/api/stream/acme/app", token: peer.rootToken)
                let own = try await peer.stream("/api/user/events", token: peer.rootToken)
                try await eventually { peer.openStreams == 3 }
                await peer.shutDown()
                #expect(try await tail.next() == nil)
                #expect(try await events.next() == nil)
                #expect(try await own.next() == nil)
            }
        }
    }

    @Test func lostAccessEndsAStream() async throws {
        try await withServer(lease: 3600, tune: { $0.heartbeat = .milliseconds(200) }) { server in
            let people = try await People(server)
            _ = try await server.runningJob()
            try await server.publish("acme/app")
            let other = try await server.user("other")
            let streams = [
                try await server.stream(Self.path), try await server.stream("/api/stream/acme/app"),
                try await server.stream(Self.path, token: other),
                try await server.stream("/api/stream/acme/app", token: other),
                try await server.stream("/api/user/events", token: people.reader),
            ]
            try await eventually { server.openStreams == 5 }
            let revoked = try await server.request("DELETE", "/api/user/tokens", token: people.reader)
            #expect(revoked.status == 204)
            _ = try await server.request(
                "PATCH", "/api/repos/acme/app", token: server.rootToken, json: #"{"private":true}"#)
            for stream in streams { #expect(try await stream.next() == nil) }
            try await eventually { server.openStreams == 0 }
        }
    }

    /// A handler is not told that its client has left.
    @Test func whoHasLeftIsForgotten() async throws {
        try await withServer(lease: 3600, tune: { $0.heartbeat = .milliseconds(100) }) { server in
            _ = try await server.runningJob()
            var stream: TestStream? = try await server.stream(Self.path, token: server.rootToken)
            var events: TestStream? = try await server.stream("/api/stream/acme/app", token: server.rootToken)
            try await eventually { server.openStreams == 2 }
            (stream, events) = (nil, nil)
            #expect(stream == nil && events == nil)
            try await eventually { server.openStreams == 0 }
        }
    }
}

/// A job in the hands of a scripted agent.
struct RunningJob: Sendable {
    let agent: ScriptedAgent
    let job: ClaimedJob

    /// Writes a log in one piece or in pieces of 1 byte to `most`, and ends the job.
    func write(_ log: [UInt8], inPiecesUpTo most: Int? = nil, status: Status = .success) async throws {
        var offset = 0
        while offset < log.count {
            let count = min(most.map { Int.random(in: 1...$0) } ?? log.count, log.count - offset)
            let reply = try await agent.log(job, offset: Int64(offset), Array(log[offset..<offset + count]))
            try #require(reply.status == 204, "\(reply.text)")
            offset += count
        }
        let end = try await agent.finish(job, status, logSize: Int64(log.count))
        try #require(end.status == 204, "\(end.text)")
    }
}

extension TestServer {
    /// Build 1 of a new repository `acme/app`, running.
    func runningJob() async throws -> RunningJob {
        let repo = try await repo("acme/app")
        try await push(repo)
        let agent = try await ScriptedAgent(self)
        return RunningJob(agent: agent, job: try await agent.start())
    }
}

/// What somebody who reads a log along has got, over several connections.
private struct Reader {
    var text = ""
    var position = 0
    var lastID: String?
    var end: [String: Any]?
    var turns = 0
    /// Other events than text and end.
    var names: [String] = []

    var hasEnded: Bool { end != nil }

    /// Reads so many events, or to the end.
    mutating func read(_ server: TestServer, _ path: String, events: Int?) async throws {
        try await read(try await server.stream(path, token: server.rootToken, after: lastID), events: events)
    }

    mutating func read(_ stream: TestStream, events: Int?) async throws {
        turns += 1
        var count = 0
        while count < events ?? .max, let event = try await stream.next() {
            try take(event)
            count += 1
        }
    }

    mutating func take(_ event: StreamedEvent) throws {
        let object = try event.object()
        lastID = event.id
        switch event.name {
        case "message":
            let offset = try #require(object["offset"] as? Int)
            if !text.isEmpty { #expect(offset == position) }
            text += try #require(object["text"] as? String)
            position = try #require(event.id.flatMap { Int($0) })
        case "end": end = object
        default: names.append(event.name)
        }
    }
}
