import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOSSL

/// A container engine that speaks the Docker Engine API: Docker, or podman's compatible socket.
///
/// A refusal of the engine is an `EngineFault`; one that does not answer is `AgentError.engineUnavailable`.
package struct EngineClient: Sendable {
    private static let largestReply = 16 << 20

    let address: EngineAddress
    /// The engine's own version, such as `20.10.24`.
    package private(set) var version = ""
    private let http: HTTPClient
    private var prefix: String

    /// Connects, and settles the version of the API.
    ///
    /// - Parameter streams: long replies at once that other calls must not queue behind.
    /// - Throws: `AgentError.engineUnavailable` when no engine answers, or one that is too old.
    package static func connect(to address: EngineAddress, streams: Int = 8) async throws -> EngineClient {
        var client = try EngineClient(address, streams: streams)
        do {
            try await client.negotiate()
            return client
        } catch {
            try? await client.close()
            throw error
        }
    }

    private init(_ address: EngineAddress, streams: Int) throws {
        self.address = address
        prefix = address.base
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = streams + 8
        // Docker's own TLS is HTTP/1.1 where connections are taken over.
        configuration.httpVersion = .http1Only
        if let folder = address.certificates { configuration.tlsConfiguration = try Self.tls(folder) }
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Nothing is asked afterwards.
    package func close() async throws {
        try await http.shutdown()
    }

    private mutating func negotiate() async throws {
        let about = try await value(EngineAbout.self, EngineRequest(.GET, "/version"))
        guard let newest = EngineVersion(about.newest),
            let version = EngineVersion.choose(newest: newest, oldest: about.oldestVersion)
        else {
            throw AgentError(
                .engineUnavailable,
                "the container engine at \(address) speaks version \(about.newest) of the Engine API; Skep needs 1.41 or later: update it (Docker 20.10, podman 4)"
            )
        }
        self.version = about.version
        prefix += "/v\(version)"
    }

    private static func tls(_ folder: String) throws -> TLSConfiguration {
        do {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .file("\(folder)/ca.pem")
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile("\(folder)/cert.pem")
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: "\(folder)/key.pem", format: .pem))
            return configuration
        } catch {
            throw AgentError(
                .engineUnavailable,
                "cannot read ca.pem, cert.pem and key.pem in \(folder), which DOCKER_TLS_VERIFY asks for: \(error)")
        }
    }
}

extension EngineClient {
    /// Sends a request and waits for the reply's head; the body may go on for as long as it likes.
    func stream(_ request: EngineRequest) async throws -> HTTPClientResponse.Body {
        let response = try await execute(request, deadline: .distantFuture)
        guard response.status.code >= 300 else { return response.body }
        let body = try await response.body.collect(upTo: Self.largestReply)
        throw EngineFault(status: Int(response.status.code), body: Array(body.readableBytesView))
    }

    /// Sends a request and reads the whole reply.
    @discardableResult
    func bytes(_ request: EngineRequest, seconds: Int64? = 300) async throws -> [UInt8] {
        let deadline = seconds.map { NIODeadline.now() + .seconds($0) } ?? .distantFuture
        let response = try await execute(request, deadline: deadline)
        let body = try await response.body.collect(upTo: Self.largestReply)
        let bytes = Array(body.readableBytesView)
        guard response.status.code < 300 else { throw EngineFault(status: Int(response.status.code), body: bytes) }
        return bytes
    }

    func value<Value: Decodable>(
        _ type: Value.Type, _ request: EngineRequest, seconds: Int64? = 300
    ) async throws -> Value {
        try JSONDecoder().decode(type, from: Data(try await bytes(request, seconds: seconds)))
    }

    private func execute(_ request: EngineRequest, deadline: NIODeadline) async throws -> HTTPClientResponse {
        var message = HTTPClientRequest(url: prefix + request.target)
        message.method = request.method
        // HTTP/1.1 asks for one, and the client sends none where the URL has a path to a socket in its place.
        if address.isSocket { message.headers.add(name: "Host", value: "localhost") }
        for (name, value) in request.headers { message.headers.add(name: name, value: value) }
        if let body = request.body {
            message.headers.add(name: "Content-Type", value: "application/json")
            message.body = .bytes(body)
        }
        do {
            return try await http.execute(message, deadline: deadline)
        } catch let error where !(error is CancellationError) && !Task.isCancelled {
            throw AgentError(
                .engineUnavailable,
                "the container engine at \(address) does not answer (\(error)): is it running, and may this user use it?"
            )
        }
    }
}
