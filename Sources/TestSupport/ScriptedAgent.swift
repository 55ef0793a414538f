package import AgentProtocol
package import Core
import Foundation
import LogStream

/// An agent that does what a test tells it, a call at a time.
package struct ScriptedAgent: Sendable {
    package let server: TestServer
    package let token: String
    package var name = "scripted"
    package var labels: [String: String] = ["os": "linux", "arch": "amd64"]

    package init(_ server: TestServer, token: String? = nil) async throws {
        self.server = server
        if let token {
            self.token = token
        } else {
            self.token = try await server.agentToken()
        }
    }

    /// nil: nothing came in `wait` seconds.
    package func claim(wait: Int = 0) async throws -> ClaimedJob? {
        let claim = ClaimRequest(agent: name, labels: labels, slots: 1, wait: wait)
        let reply = try await post("/agent/v1/claim", claim)
        if reply.status == 204 { return nil }
        guard reply.status == 200 else { throw NotInTime(description: "claim: \(reply.status) \(reply.text)") }
        return try Wire.decode(ClaimedJob.self, from: reply.body)
    }

    /// Claims and starts a job, which must come.
    package func start(wait: Int = 20) async throws -> ClaimedJob {
        guard let job = try await claim(wait: wait) else { throw NotInTime(description: "no job came") }
        _ = try await heartbeat(job)
        return job
    }

    @discardableResult
    package func heartbeat(_ job: ClaimedJob) async throws -> TestReply {
        try await server.request("POST", "/agent/v1/attempts/\(job.attemptID)/heartbeat", token: token)
    }

    @discardableResult
    package func log(_ job: ClaimedJob, offset: Int64, _ text: [UInt8], step: Int = 1) async throws -> TestReply {
        let segment = Segment(offset: offset, step: step, output: text)
        return try await server.request(
            "POST",
            "/agent/v1/attempts/\(job.attemptID)/log?offset=\(offset)&length=\(text.count)&step=\(step)&crc32=\(segment.crc32)",
            token: token, body: segment.data)
    }

    @discardableResult
    package func step(_ job: ClaimedJob, _ number: Int, _ status: Status, exitCode: Int = 0) async throws -> TestReply {
        let update = StepUpdate(number: number, status: status, exitCode: exitCode, startedAt: Date(), finishedAt: nil)
        return try await post("/agent/v1/attempts/\(job.attemptID)/steps", update)
    }

    @discardableResult
    package func finish(
        _ job: ClaimedJob, _ status: Status = .success, exitCode: Int = 0, logSize: Int64 = 0, error: String = ""
    )
        async throws -> TestReply
    {
        let end = JobEnd(status: status, exitCode: exitCode, error: error, logSize: logSize)
        return try await post("/agent/v1/attempts/\(job.attemptID)/finish", end)
    }

    private func post(_ path: String, _ value: some Encodable) async throws -> TestReply {
        try await server.request("POST", path, token: token, body: try Wire.encode(value))
    }
}
