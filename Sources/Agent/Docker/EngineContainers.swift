import FoundationEssentials
import NIOHTTP1

// Containers and networks of an engine, a call a function.

extension EngineClient {
    func info() async throws -> EngineInfo {
        try await value(EngineInfo.self, EngineRequest(.GET, "/info"))
    }

    /// Returns the container's id.
    func create(_ spec: ContainerSpec, name: String) async throws -> String {
        let request = EngineRequest(.POST, "/containers/create", query: [("name", name)])
        return try await value(CreatedObject.self, try request.sending(spec)).id
    }

    func start(_ container: String) async throws {
        try await bytes(EngineRequest(.POST, "/containers/\(container)/start"))
    }

    /// What the container prints from now on, until it ends.
    func attach(to container: String) async throws -> ContainerOutput {
        ContainerOutput(
            body: try await stream(
                EngineRequest(
                    .POST, "/containers/\(container)/attach",
                    query: [("stream", "1"), ("stdout", "1"), ("stderr", "1")])))
    }

    /// Returns when the container does not run.
    func wait(for container: String) async throws {
        try await bytes(
            EngineRequest(.POST, "/containers/\(container)/wait", query: [("condition", "not-running")]), seconds: nil)
    }

    func state(of container: String) async throws -> ContainerState {
        try await value(ContainerDetails.self, EngineRequest(.GET, "/containers/\(container)/json")).state
    }

    /// The last lines a container printed, where the engine keeps them.
    func lastLines(of container: String, count: Int) async throws -> [UInt8] {
        let reply = try await bytes(
            EngineRequest(
                .GET, "/containers/\(container)/logs", query: [("stdout", "1"), ("stderr", "1"), ("tail", "\(count)")]))
        var lines: [UInt8] = []
        var demultiplexer = StreamDemultiplexer()
        try demultiplexer.feed(reply[...]) { lines += $1 }
        return lines
    }

    /// Kills the container if it runs, and removes it with its volumes. One that is gone, or going, is none to remove.
    func remove(_ container: String) async throws {
        let request = EngineRequest(.DELETE, "/containers/\(container)", query: [("force", "true"), ("v", "true")])
        do {
            try await bytes(request)
        } catch let fault as EngineFault where fault.isMissing || fault.isConflict {}
    }

    /// All containers that have these labels, the ended ones too.
    package func containers(labels: [String: String]) async throws -> [ContainerSummary] {
        try await value(
            [ContainerSummary].self,
            EngineRequest(
                .GET, "/containers/json",
                query: [("all", "true"), ("filters", try EngineRequest.filters(labels: labels))]))
    }

    package func networks(labels: [String: String]) async throws -> [NetworkSummary] {
        try await value(
            [NetworkSummary].self,
            EngineRequest(.GET, "/networks", query: [("filters", try EngineRequest.filters(labels: labels))]))
    }

    func createNetwork(_ name: String, labels: [String: String]) async throws {
        struct Body: Encodable {
            var Name: String
            var Driver = "bridge"
            var CheckDuplicate = true
            var Labels: [String: String]
        }
        try await bytes(try EngineRequest(.POST, "/networks/create").sending(Body(Name: name, Labels: labels)))
    }

    func removeNetwork(_ network: String) async throws {
        do {
            try await bytes(EngineRequest(.DELETE, "/networks/\(PercentEncoding.encode(network))"))
        } catch let fault as EngineFault where fault.isMissing {}
    }
}
