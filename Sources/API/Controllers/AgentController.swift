import AgentProtocol
import Builds
import HTTPTypes
import Hummingbird
import LogStream
import NIOCore
import Store

/// What agents ask and tell. A protocol of its own, not part of the documented API.
struct AgentController: Sendable {
    let engine: Engine

    func claim(_ request: Request, _ context: AgentContext) async throws -> Response {
        let claim = try await request.wire(ClaimRequest.self)
        guard ProtocolVersion.accepted.contains(claim.version) else {
            throw HTTPError(
                HTTPResponse.Status(code: 426, reasonPhrase: "Upgrade Required"),
                message:
                    "This server works with agents of protocol \(ProtocolVersion.accepted); this one speaks \(claim.version)."
            )
        }
        guard var job = try await engine.claimJob(claim, token: context.agent, address: context.address) else {
            return Response(status: .noContent)
        }
        job.traceparent = context.trace.child.traceparent
        return try .wire(job)
    }

    func heartbeat(_ request: Request, _ context: AgentContext) async throws -> Response {
        try await orConflict {
            try .wire(try await engine.heartbeat(attemptID: try context.number("id"), token: context.agent))
        }
    }

    func log(_ request: Request, _ context: AgentContext) async throws -> Response {
        let length = try required(request.integer(LogQuery.length, in: 1...LogQuery.maximumLength), LogQuery.length)
        let body = try await request.body.collect(upTo: SegmentCodec.maximumDataLength(of: length))
        let segment = Segment(
            offset: try required(request.integer(LogQuery.offset, in: 0...Int64.max), LogQuery.offset), length: length,
            crc32: try required(request.integer(LogQuery.crc32, in: 0...UInt32.max), LogQuery.crc32),
            step: try required(request.integer(LogQuery.step, in: 0...Int(Int32.max)), LogQuery.step),
            data: Array(buffer: body))
        return try await orConflict {
            try await engine.appendLog(attemptID: try context.number("id"), token: context.agent, segment)
            return Response(status: .noContent)
        }
    }

    func step(_ request: Request, _ context: AgentContext) async throws -> Response {
        let update = try await request.wire(StepUpdate.self)
        return try await orConflict {
            try await engine.updateStep(attemptID: try context.number("id"), token: context.agent, update)
            return Response(status: .noContent)
        }
    }

    func finish(_ request: Request, _ context: AgentContext) async throws -> Response {
        let end = try await request.wire(JobEnd.self)
        return try await orConflict {
            try await engine.finishJob(attemptID: try context.number("id"), token: context.agent, end)
            return Response(status: .noContent)
        }
    }

    func release(_ request: Request, _ context: AgentContext) async throws -> Response {
        try await orConflict {
            try await engine.handBack(attemptID: try context.number("id"), token: context.agent)
            return Response(status: .noContent)
        }
    }

    private func required<T>(_ value: T?, _ name: String) throws -> T {
        guard let value else { throw Refusal.invalid("\(name) is missing.") }
        return value
    }

    private func orConflict(_ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let error as AttemptConflict {
            return try .wire(
                Conflict(stale: error.stale, logSize: error.logSize, message: error.message), status: .conflict)
        }
    }
}

extension Request {
    fileprivate func wire<T: Decodable>(_ type: T.Type) async throws -> T {
        let buffer = try await body.collect(upTo: 1 << 20)
        do {
            return try Wire.decode(type, from: Array(buffer: buffer))
        } catch let error as DecodingError {
            throw Refusal.invalid(error.advice)
        }
    }
}

extension Response {
    fileprivate static func wire(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try Wire.encode(value))))
    }
}
