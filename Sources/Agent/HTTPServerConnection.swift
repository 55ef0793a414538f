import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// The server over HTTP(S).
struct HTTPServerConnection: ServerConnection {
    /// A claim carries a plan of at most 100 steps and their environments.
    private static let largestReply = 16 << 20

    private let base: String
    private let token: String
    private let client: HTTPClient

    /// - Throws: `AgentError.invalidServer`.
    init(server: String, token: String, slots: Int) throws {
        guard let url = URL(string: server), ["http", "https"].contains(url.scheme), url.host()?.isEmpty == false else {
            throw AgentError(.invalidServer, "the server's address is not an http or https URL: \(server)")
        }
        base = String(server.reversed().drop { $0 == "/" }.reversed())
        self.token = token
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(5)
        // Long polls keep a connection each: with the usual 8, heartbeats would queue behind them.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 3 * slots + 8
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func send(_ call: ServerCall) async throws -> ServerReply {
        var request = HTTPClientRequest(url: base + call.path)
        request.method = .POST
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        request.headers.add(name: "Content-Type", value: call.contentType)
        if let trace = call.traceparent { request.headers.add(name: "traceparent", value: trace) }
        request.body = .bytes(call.body)
        let response = try await client.execute(request, timeout: .seconds(call.patience))
        let body = try await response.body.collect(upTo: Self.largestReply)
        return ServerReply(status: Int(response.status.code), body: Array(body.readableBytesView))
    }

    func close() async throws {
        try await client.shutdown()
    }
}
