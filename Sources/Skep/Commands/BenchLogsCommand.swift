import AgentProtocol
import ArgumentParser
import AsyncHTTPClient
import Foundation
import LogStream
import Synchronization

/// Agents that write logs and people who read them along, for scripts/bench.
struct BenchLogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "bench-logs", shouldDisplay: false)

    @Option var url: String
    @Option(help: "Where jobs wait to be claimed.") var agentToken: String
    @Option(help: "Of somebody who may read acme/app.") var token: String
    @Option var seconds = 10
    @Option(help: "Logs written at once; 0 for the latency.") var streams = 0
    @Option var viewers = 1000
    @Option(help: "Segments a second.") var rate = 10
    @Option(help: "A file for the data of the segments that are written.") var sample: String?

    func run() async throws {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4 * viewers + 64
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let agent = BenchAgent(client: client, url: url, token: agentToken)
        let result: Result<Void, any Error>
        do {
            result = .success(try await streams > 0 ? append(agent) : tail(client, agent))
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        try result.get()
    }

    /// Prints: MB of text a second, segments a second.
    private func append(_ agent: BenchAgent) async throws {
        let text = Self.text(length: 256 << 10)
        let segment = Segment(offset: 0, step: 1, output: text)
        if let sample { try Data(segment.data).write(to: URL(fileURLWithPath: sample)) }
        let end = ContinuousClock.now + .seconds(seconds)
        let start = ContinuousClock.now
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<streams {
                group.addTask {
                    let job = try await agent.claim()
                    var segment = segment
                    while ContinuousClock.now < end {
                        try await agent.append(segment, to: job)
                        segment.offset = segment.end
                    }
                    try await agent.finish(job, logSize: segment.offset)
                    return Int(segment.offset) / text.count
                }
            }
            return try await group.reduce(0, +)
        }
        let time = (ContinuousClock.now - start) / .seconds(1)
        say(String(format: "%.1f %.0f", Double(count * text.count) / time / 1e6, Double(count) / time))
    }

    /// Lines as a compiler prints them: they shrink to about a fifth.
    private static func text(length: Int) -> [UInt8] {
        var text: [UInt8] = []
        while text.count < length {
            let number = UInt32.random(in: 0...UInt32.max)
            text +=
                "[\(text.count / 80)] Compiling module\(number % 97) source\(number).swift: \(number % 1009) ms\n".utf8
        }
        return Array(text.prefix(length))
    }

    /// Prints: events, p50, p99 and the longest in ms, from the sending of a segment to its arrival.
    private func tail(_ client: HTTPClient, _ agent: BenchAgent) async throws {
        let job = try await agent.claim()
        let times = BenchLatencies()
        let viewer = BenchViewer(client: client, url: url, token: token, path: "\(job.build)/\(job.job)", times: times)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<viewers { group.addTask { try await viewer.run() } }
            while times.ready.load(ordering: .relaxed) < viewers { try await Task.sleep(for: .milliseconds(50)) }
            let size = try await write(agent, job)
            try await agent.finish(job, logSize: size)
            try await group.waitForAll()
        }
        say(times.summary)
    }

    private func write(_ agent: BenchAgent, _ job: ClaimedJob) async throws -> Int64 {
        var offset: Int64 = 0
        var next = ContinuousClock.now
        for _ in 0..<seconds * rate {
            let line = "T\(BenchLatencies.now) " + String(repeating: "some output of a job ", count: 5) + "\n"
            let segment = Segment(offset: offset, step: 1, output: Array(line.utf8))
            try await agent.append(segment, to: job)
            offset = segment.end
            next += Duration.seconds(1) / rate
            try await Task.sleep(until: next)
        }
        return offset
    }
}
