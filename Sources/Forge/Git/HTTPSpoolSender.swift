import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Sends deliveries over HTTP, to the URL that the hook was installed with and nowhere else.
package enum HTTPSpoolSender {
    package static let send: SpoolSender = { url, request in
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(3)
        // The spool is what retries; a push waits for this answer.
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let reply = try await post(request, to: url, client)
            try await client.shutdown()
            return reply
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private static func post(_ request: HookRequest, to url: String, _ client: HTTPClient) async throws -> SpoolReply {
        var message = HTTPClientRequest(url: url)
        message.method = .POST
        for header in request.headers { message.headers.add(name: header.name, value: header.value) }
        message.body = .bytes(request.body)
        let response = try await client.execute(message, timeout: .seconds(5))
        let body = try await response.body.collect(upTo: 1 << 16)
        return SpoolReply(status: Int(response.status.code), body: Array(body.readableBytesView))
    }
}
