import AgentProtocol

/// The calls an agent makes, each once. All throw `ServerFault`, or `CancellationError`.
struct ServerClient: Sendable {
    let connection: any ServerConnection

    /// Nil when no job came in the time the request asks to wait.
    func claim(_ request: ClaimRequest) async throws -> ClaimedJob? {
        var call = ServerCall(path: "/agent/v1/claim", body: try Wire.encode(request))
        call.patience = Int64(request.wait) + 15
        let reply = try await perform(call)
        return reply.status == 204 ? nil : try decode(ClaimedJob.self, from: reply)
    }

    /// - Parameter trace: what the server wants to hear with each call.
    func attempt(_ id: Int64, trace: String?) -> AttemptClient {
        AttemptClient(client: self, id: id, trace: trace)
    }

    /// Replies with a status of 2xx only.
    fileprivate func perform(_ call: ServerCall) async throws -> ServerReply {
        let reply: ServerReply
        do {
            reply = try await connection.send(call)
        } catch {
            try Task.checkCancellation()
            throw ServerFault.unavailable("\(error)")
        }
        guard 200..<300 ~= reply.status else { throw ServerFault(reply) }
        return reply
    }

    fileprivate func decode<Value: Decodable>(_ type: Value.Type, from reply: ServerReply) throws -> Value {
        do {
            return try Wire.decode(type, from: reply.body)
        } catch {
            // A proxy's page in the server's place, as a rule.
            throw ServerFault.unavailable("a reply that is no \(type): \(error)")
        }
    }
}

/// The calls about one attempt.
struct AttemptClient: Sendable {
    fileprivate let client: ServerClient
    let id: Int64
    fileprivate let trace: String?

    func heartbeat() async throws -> HeartbeatReply {
        try client.decode(HeartbeatReply.self, from: try await client.perform(call("heartbeat")))
    }

    func report(_ update: StepUpdate) async throws {
        _ = try await client.perform(call("steps", body: try Wire.encode(update)))
    }

    /// `data` is `slice` deflated.
    func append(_ slice: JobLog.Slice, data: [UInt8], crc32: UInt32) async throws {
        let query = [
            "\(LogQuery.offset)=\(slice.offset)", "\(LogQuery.length)=\(slice.bytes.count)",
            "\(LogQuery.step)=\(slice.step)", "\(LogQuery.crc32)=\(crc32)",
        ]
        var call = call("log?" + query.joined(separator: "&"), body: data)
        call.contentType = "application/octet-stream"
        call.patience = 60
        _ = try await client.perform(call)
    }

    func finish(_ end: JobEnd) async throws {
        _ = try await client.perform(call("finish", body: try Wire.encode(end)))
    }

    /// Lets another agent have the job.
    func release() async throws {
        _ = try await client.perform(call("release"))
    }

    private func call(_ name: String, body: [UInt8] = []) -> ServerCall {
        ServerCall(path: "/agent/v1/attempts/\(id)/\(name)", body: body, traceparent: trace)
    }
}
