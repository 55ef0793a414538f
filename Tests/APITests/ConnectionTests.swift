import API
import Foundation
import NIOCore
import TestSupport
import Testing

/// What one connection may take of the server, on the wire.
@Suite struct ConnectionTests {
    private static let hello = "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n"

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nX-Large: \(String(repeating: "x", count: 17_000))\r\n\r\n", "431", "head_too_large"),
        ("GET /\(String(repeating: "x", count: 17_000)) HTTP/1.1\r\n\r\n", "431", "head_too_large"),
        (
            "GET / HTTP/1.1\r\n\((0..<30).map { "X-\($0): \(String(repeating: "x", count: 1200))\r\n" }.joined())\r\n",
            "431", "head_too_large"
        ),
        (
            "GET / HTTP/1.1\r\n\((0..<101).map { "X-\($0): x\r\n" }.joined())\r\n", "431", "head_too_large"
        ),
        ("hello\r\n\r\n", "400", "invalid"), ("GET / HTTP/9.9\r\n\r\n", "400", "invalid"),
        ("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400", "invalid"),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}", "400", "invalid"),
    ])
    func whatIsNoRequestIsAnsweredAndClosed(text: String, status: String, code: String) async throws {
        try await withServer(workers: false) { server in
            let reply = try await RawConnection.exchange(server.url, text)
            #expect(reply.hasPrefix("HTTP/1.1 \(status) "), "\(reply)")
            #expect(reply.contains("\"code\":\"\(code)\"") && reply.contains("\"request_id\":\""), "\(reply)")
            #expect(reply.contains("Connection: close") && reply.contains("X-Content-Type-Options: nosniff"))
            #expect(reply.components(separatedBy: "HTTP/1.1 ").count == 2, "\(reply)")
        }
    }

    @Test func requestsOnOneConnectionAreAnsweredInTurn() async throws {
        try await withServer(workers: false) { server in
            let last = "GET /version HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
            let text = try await RawConnection.exchange(server.url, Self.hello + Self.hello + last)
            #expect(text.components(separatedBy: "HTTP/1.1 200 OK").count == 4, "\(text)")
            #expect(text.hasSuffix("}"))
        }
    }

    /// A byte now and then does not prolong what a head may take.
    @Test func slowHeadsAreCutOff() async throws {
        var front = TestFront()
        front.connections.head = .milliseconds(200)
        try await withServer(workers: false, front: front) { server in
            for start in ["GET /", "GET /healthz HTTP/1.1\r\nX: ", Self.hello + "GET /"] {
                let text = try await RawConnection.open(server.url) { connection in
                    try await connection.send(start)
                    async let drips: Void = connection.drip("x")
                    let text = await connection.readToEnd()
                    await drips
                    return text
                }
                #expect(text.contains("HTTP/1.1 408 ") && text.contains("request_timeout"), "\(text)")
            }
        }
    }

    @Test func slowBodiesAreCutOffAndQuickOnesAreNot() async throws {
        var front = TestFront()
        front.connections.body = .milliseconds(200)
        front.connections.bytesPerSecond = 1000
        try await withServer(workers: false, front: front) { server in
            let head = "POST /hook HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
            for (start, drip) in [
                ("Content-Length: 100000\r\n\r\nx", "x"), ("Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
            ] {
                let text = try await RawConnection.open(server.url) { connection in
                    try await connection.send(head + start)
                    async let drips: Void = connection.drip(drip)
                    let text = await connection.readToEnd()
                    await drips
                    return text
                }
                #expect(text.hasPrefix("HTTP/1.1 408 "), "\(text)")
                #expect(text.components(separatedBy: "HTTP/1.1 ").count == 2, "\(text)")
            }
            let quick = try await RawConnection.open(server.url) { connection in
                try await connection.send(head + "Content-Length: 40000\r\n\r\n")
                for _ in 0..<40 {
                    try await connection.send(String(repeating: " ", count: 1000))
                    try await Task.sleep(for: .milliseconds(10))
                }
                return await connection.readToEnd()
            }
            #expect(quick.hasPrefix("HTTP/1.1 4") && !quick.hasPrefix("HTTP/1.1 408"), "\(quick)")
        }
    }

    /// What nobody wants of a body is not read for ever, and the reply arrives all the same.
    @Test func anEarlyReplyEndsTheConnection() async throws {
        var front = TestFront()
        front.connections.linger = .milliseconds(300)
        try await withServer(workers: false, front: front) { server in
            let text = try await RawConnection.open(server.url) { connection in
                try await connection.send(
                    "POST /api/user/tokens HTTP/1.1\r\nHost: test\r\nContent-Length: 100000000\r\n\r\n")
                async let drips: Void = connection.drip(String(repeating: " ", count: 10_000))
                let text = await connection.readToEnd()
                await drips
                return text
            }
            #expect(text.hasPrefix("HTTP/1.1 401 ") && text.contains("Connection: close"), "\(text)")
            #expect(text.components(separatedBy: "HTTP/1.1 ").count == 2, "\(text)")
        }
    }

    @Test func oneConnectionTooManyIsToldSoAndHealthIsStillAnswered() async throws {
        var front = TestFront()
        front.connections.connections = 3
        try await withServer(workers: false, front: front) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let (opened, isOpen) = AsyncStream.makeStream(of: Void.self)
                for _ in 0..<3 {
                    group.addTask {
                        try await RawConnection.open(server.url) { connection in
                            try await connection.send(Self.hello)
                            _ = try await connection.read(until: "ok\n")
                            isOpen.yield()
                            _ = await connection.readToEnd()
                        }
                    }
                }
                var count = 0
                for await _ in opened {
                    count += 1
                    if count == 3 { break }
                }
                for _ in 0..<20 {
                    let refused = try await RawConnection.get(server.url, "/healthz")
                    #expect(refused.hasPrefix("HTTP/1.1 503 ") && refused.contains("\"code\":\"busy\""), "\(refused)")
                    #expect(refused.contains("Retry-After: 1"))
                }
                for path in ["/healthz", "/readyz"] {
                    let health = try await RawConnection.get(server.healthURL, path)
                    #expect(health.hasPrefix("HTTP/1.1 200 OK") && health.hasSuffix("ok\n"), "\(health)")
                }
                let other = try await RawConnection.get(server.healthURL, "/api/user")
                #expect(other.hasPrefix("HTTP/1.1 404 ") && other.contains("not_found"), "\(other)")
                group.cancelAll()
                while await group.nextResult() != nil {}
            }
            try await eventually {
                try await RawConnection.get(server.url, "/healthz").hasPrefix("HTTP/1.1 200 OK")
            }
        }
    }

    /// The place of a client that takes nothing of its reply is free again.
    @Test func whoTakesNothingOfAReplyIsCutOff() async throws {
        var front = TestFront()
        front.connections.write = .milliseconds(300)
        front.connections.connections = 2
        try await withServer(front: front) { server in
            let repo = try await server.repo("acme/app")
            try await server.push(repo)
            let agent = try await ScriptedAgent(server)
            let job = try await agent.start()
            let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
            for number in 0..<32 { try await agent.log(job, offset: Int64(number) << 20, piece) }
            let request =
                "GET /api/repos/acme/app/logs/1/1 HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer \(server.rootToken)\r\n\r\n"
            let rest = try await RawConnection.open(server.url, window: 4096) { connection in
                try await connection.send(request)
                try await eventually {
                    try await RawConnection.get(server.url, "/healthz").hasPrefix("HTTP/1.1 503 ")
                }
                try await eventually {
                    try await RawConnection.get(server.url, "/healthz").hasPrefix("HTTP/1.1 200 ")
                }
                return await connection.readToEnd()
            }
            #expect(rest.utf8.count < 32 << 20, "\(rest.utf8.count)")
            // From a server that gives its clients the usual time: this one may be held up by other tests.
            try await server.withAnother { other in
                let whole = try await other.get("/api/repos/acme/app/logs/1/1", token: other.rootToken)
                #expect(whole.body.count == 32 << 20)
            }
            try await agent.finish(job, logSize: 32 << 20)
        }
    }

    /// A proxy that sends a request at the moment the server stops is answered, and told to send no more on that connection.
    @Test func whatComesWhenTheServerStopsIsAnswered() async throws {
        var front = TestFront()
        front.connections.drain = .seconds(60)
        try await withServer(workers: false, front: front) { server in
            try await RawConnection.open(server.url) { connection in
                try await connection.send(Self.hello)
                let first = try await connection.read(until: "ok\n")
                #expect(first.hasPrefix("HTTP/1.1 200 OK") && !first.contains("Connection: close"))
                await server.shutDown()
                try await eventually { (try? await RawConnection.get(server.url, "/healthz")) == nil }
                try await connection.send(Self.hello)
                let last = await connection.readToEnd()
                #expect(last.hasPrefix("HTTP/1.1 200 OK") && last.contains("Connection: close"), "\(last)")
            }
        }
    }
}
