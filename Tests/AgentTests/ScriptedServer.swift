import Agent
import AgentProtocol
import Core
import FoundationEssentials
import LogStream
import Synchronization

/// A server in this process that keeps its side of the agent protocol for one job at a time, and can be told to
/// misbehave.
final class ScriptedServer: ServerConnection {
    struct State {
        var waiting: [ClaimedJob] = []
        var log: [UInt8] = []
        /// Bytes of log by step, in the order they came.
        var logSteps: [(step: Int, count: Int)] = []
        var segments = 0
        var heartbeats = 0
        var updates: [StepUpdate] = []
        var ends: [JobEnd] = []
        var claims: [ClaimRequest] = []
        var violations: [String] = []

        var isCancelled = false
        var isStale = false
        var isUnreachable = false
        /// Answered to every claim.
        var claimStatus: Int?
        /// Answered to every segment.
        var logStatus: Int?
        /// At this segment the log so far is lost, once.
        var losesLogAtSegment: Int?
        /// At the end the last bytes are lost, once.
        var losesLogAtEnd = false
        /// Calls answered since `isStale`.
        var callsAfterStale: [String] = []
    }

    struct Unreachable: Error {}

    private let state = Mutex(State())

    func with<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        state.withLock { body(&$0) }
    }

    func send(_ call: ServerCall) async throws -> ServerReply {
        let path = call.path.split(separator: "?")[0].split(separator: "/").map(String.init)
        if path.last == "claim" { return try await claim(call) }
        return try state.withLock { state in
            if state.isUnreachable { throw Unreachable() }
            if state.isStale {
                state.callsAfterStale.append(path.last ?? "")
                return try Self.conflict(stale: true, logSize: 0)
            }
            return try Self.answer(path.last ?? "", call, &state)
        }
    }

    func close() async throws {}

    private func claim(_ call: ServerCall) async throws -> ServerReply {
        let request = try Self.decode(ClaimRequest.self, call.body)
        let reply: ServerReply? = try state.withLock { state in
            state.claims.append(request)
            if state.isUnreachable { throw Unreachable() }
            if let status = state.claimStatus {
                return ServerReply(status: status, body: Array(#"{"message":"version 1 is too old"}"#.utf8))
            }
            return state.waiting.isEmpty
                ? nil : ServerReply(status: 200, body: try Self.encode(state.waiting.removeFirst()))
        }
        if let reply { return reply }
        try await Task.sleep(for: .milliseconds(20))
        return ServerReply(status: 204)
    }

    private static func answer(_ name: String, _ call: ServerCall, _ state: inout State) throws -> ServerReply {
        switch name {
        case "heartbeat":
            state.heartbeats += 1
            return ServerReply(status: 200, body: try encode(HeartbeatReply(cancel: state.isCancelled)))
        case "steps":
            state.updates.append(try decode(StepUpdate.self, call.body))
            return ServerReply(status: 204)
        case "log":
            return try append(call, &state)
        case "finish":
            return try finish(decode(JobEnd.self, call.body), &state)
        default:
            return ServerReply(status: 404)
        }
    }

    private static func append(_ call: ServerCall, _ state: inout State) throws -> ServerReply {
        state.segments += 1
        if let status = state.logStatus { return ServerReply(status: status) }
        if state.losesLogAtSegment == state.segments { lose(state.log.count, &state) }
        let query = Dictionary(
            uniqueKeysWithValues: call.path.split(separator: "?")[1].split(separator: "&").map { item in
                let pair = item.split(separator: "=").map(String.init)
                return (pair[0], Int(pair[1]) ?? -1)
            })
        guard let offset = query[LogQuery.offset], let length = query[LogQuery.length], let step = query[LogQuery.step],
            let crc32 = query[LogQuery.crc32].flatMap(UInt32.init(exactly:)), 1...LogQuery.maximumLength ~= length
        else {
            state.violations.append("a segment's query: \(call.path)")
            return ServerReply(status: 400)
        }
        guard offset == state.log.count else { return try conflict(stale: false, logSize: state.log.count) }
        state.log += try SegmentCodec.inflate(call.body, expectedLength: length, crc32: crc32)
        state.logSteps.append((step, length))
        return ServerReply(status: 204)
    }

    private static func finish(_ end: JobEnd, _ state: inout State) throws -> ServerReply {
        if state.losesLogAtEnd {
            state.losesLogAtEnd = false
            lose(3, &state)
        }
        guard end.logSize == state.log.count else { return try conflict(stale: false, logSize: state.log.count) }
        state.ends.append(end)
        return ServerReply(status: 204)
    }

    private static func lose(_ count: Int, _ state: inout State) {
        state.log.removeLast(count)
    }

    private static func conflict(stale: Bool, logSize: Int) throws -> ServerReply {
        ServerReply(status: 409, body: try encode(Conflict(stale: stale, logSize: Int64(logSize), message: "conflict")))
    }

    private static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .secondsSince1970
        return Array(try encoder.encode(value))
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        return try decoder.decode(type, from: Data(bytes))
    }
}
