import Foundation
import NIOCore
import NIOPosix
import TestSupport

/// A TCP connection on which a test writes what it likes. Only one task at a time reads: that protects the iterator.
final class RawConnection: @unchecked Sendable {
    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    private init(
        _ iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.iterator = iterator
        self.outbound = outbound
    }

    /// - Parameter window: bytes the kernel takes for a client that does not read.
    static func open<T: Sendable>(
        _ url: String, window: Int? = nil, _ body: @escaping @Sendable (RawConnection) async throws -> T
    ) async throws -> T {
        guard let address = URL(string: url), let host = address.host, let port = address.port else {
            throw NotInTime(description: "no address: \(url)")
        }
        var bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        if let window {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(window))
        }
        let channel = try await bootstrap.connect(host: host, port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            try await body(RawConnection(inbound.makeAsyncIterator(), outbound))
        }
    }

    func send(_ text: String) async throws {
        try await outbound.write(ByteBuffer(string: text))
    }

    /// Sends `text` again and again until the server closes.
    func drip(_ text: String) async {
        while !Task.isCancelled {
            do {
                try await send(text)
                try await Task.sleep(for: .milliseconds(20))
            } catch {
                return
            }
        }
    }

    /// All that comes until the server closes.
    func readToEnd() async -> String {
        var text = ""
        do {
            while let buffer = try await iterator.next() { text += String(buffer: buffer) }
        } catch {
            // A reset ends it too.
        }
        return text
    }

    /// What comes until it contains `mark`.
    func read(until mark: String) async throws -> String {
        var text = ""
        while let buffer = try await iterator.next() {
            text += String(buffer: buffer)
            if text.contains(mark) { return text }
        }
        throw NotInTime(description: "closed before \(mark): \(text)")
    }

    /// Sends a whole request, unless the server has closed already, and answers all that came until the close.
    static func exchange(_ url: String, _ text: String) async throws -> String {
        try await open(url) { connection in
            try? await connection.send(text)
            return await connection.readToEnd()
        }
    }

    static func get(_ url: String, _ path: String) async throws -> String {
        try await exchange(url, "GET \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
    }
}
