import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// One server-sent event.
package struct StreamedEvent: Sendable, Hashable {
    package var id: String?
    package var name = "message"
    package var data = ""

    package init(id: String? = nil, name: String = "message", data: String = "") {
        self.id = id
        self.name = name
        self.data = data
    }

    /// The data as a JSON object.
    package func object() throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any] else {
            throw NotInTime(description: "no JSON object: \(data)")
        }
        return object
    }
}

/// A reply of server-sent events, read one at a time. Letting it go closes the connection.
package final class TestStream {
    package let status: Int
    private let headers: HTTPHeaders
    /// Comments that came so far.
    package private(set) var comments = 0
    private var body: HTTPClientResponse.Body.AsyncIterator
    private var unread: [UInt8] = []

    init(_ response: HTTPClientResponse) {
        status = Int(response.status.code)
        headers = response.headers
        body = response.body.makeAsyncIterator()
    }

    package func header(_ name: String) -> String? { headers.first(name: name) }

    /// nil: the server has ended the stream.
    package func next() async throws -> StreamedEvent? {
        while let block = try await nextBlock() {
            var event = StreamedEvent()
            var data: [Substring] = []
            for line in block.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
                switch parts[0] {
                case "id": event.id = String(value)
                case "event": event.name = String(value)
                case "data": data.append(value)
                case "": comments += 1
                default: break
                }
            }
            event.data = data.joined(separator: "\n")
            if !data.isEmpty { return event }
        }
        return nil
    }

    private func nextBlock() async throws -> String? {
        let blank: [UInt8] = [0x0A, 0x0A]
        while true {
            if let end = unread.firstRange(of: blank) {
                defer { unread.removeFirst(end.upperBound) }
                return String(decoding: unread[..<end.lowerBound], as: UTF8.self)
            }
            guard let more = try await body.next() else { return nil }
            unread += more.readableBytesView
        }
    }
}

extension TestServer {
    /// One that lets many streams be open at once.
    private static let streams: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(120)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1000
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    package func stream(_ path: String, token: String? = nil, after id: String? = nil) async throws -> TestStream {
        var request = HTTPClientRequest(url: url + path)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let id { request.headers.add(name: "Last-Event-ID", value: id) }
        return TestStream(try await Self.streams.execute(request, timeout: .seconds(600)))
    }

    /// The beginning of a stream: what comes in `time`, or before it ends.
    package func beginning(_ path: String, token: String?, time: Duration = .milliseconds(50)) async throws -> TestReply
    {
        var request = HTTPClientRequest(url: url + path)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        let response = try await Self.streams.execute(request, timeout: .seconds(600))
        let bytes = await withTaskGroup(of: [UInt8].self) { [body = response.body] group in
            group.addTask {
                var seen: [UInt8] = []
                do { for try await buffer in body { seen += buffer.readableBytesView } } catch {}
                return seen
            }
            group.addTask {
                try? await Task.sleep(for: time)
                return []
            }
            var all = await group.next() ?? []
            group.cancelAll()
            for await more in group { all += more }
            return all
        }
        return TestReply(
            status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
            body: bytes)
    }
}
