import AsyncHTTPClient
import NIOCore

/// What a container prints, while it comes.
struct ContainerOutput: Sendable {
    let body: HTTPClientResponse.Body

    /// Gives `take` all of it, both outputs, in the order the engine has it. Returns at its end.
    func eachPiece(_ take: (ArraySlice<UInt8>) throws -> Void) async throws {
        var demultiplexer = StreamDemultiplexer()
        for try await buffer in body {
            try demultiplexer.feed(Array(buffer.readableBytesView)[...]) { try take($1) }
        }
        guard demultiplexer.isAtFrameEnd else {
            throw AgentError(.engineUnavailable, "the container engine ended a container's output in its midst")
        }
    }
}
