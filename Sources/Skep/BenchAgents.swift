import Agent
import AgentProtocol
import AsyncHTTPClient
import Core
import Dispatch
import Foundation
import LogStream
import NIOCore
import NIOHTTP1
import Synchronization

/// An agent that does what it is told.
struct BenchAgent: Sendable {
    let client: HTTPClient
    let url: String
    let token: String

    func claim() async throws -> ClaimedJob {
        let claim = ClaimRequest(agent: "bench", labels: AgentConfiguration.machineLabels, slots: 10, wait: 10)
        let job = try Wire.decode(ClaimedJob.self, from: try await post("claim", try Wire.encode(claim)))
        _ = try await post("attempts/\(job.attemptID)/heartbeat", [])
        return job
    }

    func append(_ segment: Segment, to job: ClaimedJob) async throws {
        let query = "offset=\(segment.offset)&length=\(segment.length)&step=1&crc32=\(segment.crc32)"
        _ = try await post("attempts/\(job.attemptID)/log?\(query)", segment.data)
    }

    func finish(_ job: ClaimedJob, logSize: Int64) async throws {
        let end = JobEnd(status: .success, exitCode: 0, error: "", logSize: logSize)
        _ = try await post("attempts/\(job.attemptID)/finish", try Wire.encode(end))
    }

    private func post(_ path: String, _ body: [UInt8]) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: "\(url)/agent/v1/\(path)")
        request.method = .POST
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await client.execute(request, timeout: .seconds(60))
        let reply = try await response.body.collect(upTo: 16 << 20)
        guard (200..<300).contains(response.status.code), response.status != .noContent || !path.hasPrefix("claim")
        else {
            throw SettingsError(message: "\(path): \(response.status)")
        }
        return Array(reply.readableBytesView)
    }
}

/// One who reads along, and notes when what arrived was sent.
struct BenchViewer: Sendable {
    let client: HTTPClient
    let url: String
    let token: String
    let path: String
    let times: BenchLatencies

    func run() async throws {
        var request = HTTPClientRequest(url: "\(url)/api/stream/acme/app/\(path)")
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        let response = try await client.execute(request, timeout: .seconds(600))
        guard response.status == .ok else { throw SettingsError(message: "viewer: \(response.status)") }
        var isReady = false
        for try await buffer in response.body {
            if !isReady { _ = times.ready.wrappingAdd(1, ordering: .relaxed) }
            isReady = true
            times.note(buffer.readableBytesView)
        }
    }
}

/// How long what arrived was on its way.
final class BenchLatencies: Sendable {
    /// Viewers whose stream has begun.
    let ready = Atomic(0)
    private let all = Mutex<[Int64]>([])

    /// Nanoseconds, for differences only.
    static var now: Int64 { Int64(DispatchTime.now().uptimeNanoseconds) }

    /// Times stand as `T` and digits at the beginning of an event's text. Those cut in two are left out.
    func note(_ bytes: ByteBufferView) {
        let now = Self.now
        var rest = bytes[...]
        while let mark = rest.firstRange(of: Self.mark) {
            rest = rest[mark.upperBound...]
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard digits.count < rest.count, let sent = Int64(String(decoding: digits, as: UTF8.self)) else { continue }
            all.withLock { $0.append(now - sent) }
        }
    }

    /// - Parameter time: nanoseconds.
    func add(_ time: Int64) {
        all.withLock { $0.append(time) }
    }

    private static let mark = Array("\"T".utf8)

    var summary: String {
        let sorted = all.withLock { $0.sorted() }
        guard !sorted.isEmpty else { return "0 0 0 0" }
        func milliseconds(_ part: Double) -> String {
            String(format: "%.1f", Double(sorted[Int(Double(sorted.count - 1) * part)]) / 1e6)
        }
        return "\(sorted.count) \(milliseconds(0.5)) \(milliseconds(0.99)) \(milliseconds(1))"
    }
}
