import Foundation
import Glibc
import Subprocess
import Synchronization
import SystemPackage
import Testing

/// A folder's repositories over HTTP on 127.0.0.1, for those who know the password: real `git http-backend` behind a few sockets.
final class GitServer: Sendable {
    let port: UInt16
    private let folder: String
    private let authorization: String
    private let listener: FileDescriptor
    private let statuses = Mutex<[Int]>([])

    /// Of the replies so far, in order.
    var answered: [Int] { statuses.withLock { $0 } }

    init(folder: String, username: String, password: String) throws {
        self.folder = folder
        authorization = "Basic " + Data("\(username):\(password)".utf8).base64EncodedString()
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        // By their places (ip(7)): whose module the fields belong to depends on what was compiled before.
        withUnsafeMutableBytes(of: &address) { bytes in
            bytes.storeBytes(of: sa_family_t(AF_INET), as: sa_family_t.self)
            bytes.storeBytes(of: UInt32(0x7F00_0001).bigEndian, toByteOffset: 4, as: UInt32.self)
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            try #require(bind(socket, pointer, length) == 0 && listen(socket, 16) == 0)
            try #require(getsockname(socket, pointer, &length) == 0)
        }
        port = UInt16(bigEndian: withUnsafeBytes(of: address) { $0.load(fromByteOffset: 2, as: in_port_t.self) })
        listener = FileDescriptor(rawValue: socket)
        let thread = Thread { [self] in serve() }
        thread.start()
    }

    /// No connection is accepted afterwards.
    func stop() {
        shutdown(listener.rawValue, Int32(SHUT_RDWR))
    }

    private func serve() {
        while true {
            let connection = accept(listener.rawValue, nil, nil)
            guard connection >= 0 else { break }
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            // Reading waits for the client: on a thread of its own, because tasks have few to share.
            let reader = Thread { [self] in
                let descriptor = FileDescriptor(rawValue: connection)
                guard let request = try? GitRequest(reading: descriptor) else {
                    try? descriptor.close()
                    return
                }
                Task { [self] in
                    try? await answer(request, descriptor)
                    try? descriptor.close()
                }
            }
            reader.start()
        }
        try? listener.close()
    }

    private func answer(_ request: GitRequest, _ connection: FileDescriptor) async throws {
        guard request.headers["authorization"] == authorization else {
            statuses.withLock { $0.append(401) }
            let head = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"git\"\r\nContent-Length: 0\r\n"
            try connection.writeAll(Array("\(head)Connection: close\r\n\r\n".utf8))
            return
        }
        statuses.withLock { $0.append(200) }
        let result = try await run(
            .name("git"), arguments: ["http-backend"], environment: .custom(environment(of: request)),
            input: .array(request.body), output: .bytes(limit: 1 << 24), error: .discarded)
        try connection.writeAll(Array("HTTP/1.1 200 OK\r\nConnection: close\r\n".utf8) + result.standardOutput)
    }

    private func environment(of request: GitRequest) -> [Environment.Key: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "GIT_PROJECT_ROOT": folder,
            "GIT_HTTP_EXPORT_ALL": "1", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
            "REQUEST_METHOD": request.method, "PATH_INFO": request.path, "QUERY_STRING": request.query,
            "CONTENT_TYPE": request.headers["content-type"] ?? "", "CONTENT_LENGTH": "\(request.body.count)",
            "HTTP_CONTENT_ENCODING": request.headers["content-encoding"] ?? "",
            "GIT_PROTOCOL": request.headers["git-protocol"] ?? "", "REMOTE_USER": "tester",
        ]
    }
}

/// A request whose body is as long as it says.
private struct GitRequest {
    var method: String
    var path: String
    var query: String
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8]

    init(reading connection: FileDescriptor) throws {
        var bytes: [UInt8] = []
        var end: Range<[UInt8].Index>?
        while end == nil {
            bytes += try Self.read(connection)
            end = bytes.firstRange(of: Array("\r\n\r\n".utf8))
        }
        let headEnd = try #require(end)
        let lines = String(decoding: bytes[..<headEnd.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ").map(String.init)
        let target = words[1].split(separator: "?", maxSplits: 1).map(String.init)
        (method, path, query) = (words[0], target[0], target.count > 1 ? target[1] : "")
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        body = Array(bytes[headEnd.upperBound...])
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while body.count < length { body += try Self.read(connection) }
    }

    private static func read(_ connection: FileDescriptor) throws -> [UInt8] {
        let bytes = try [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            count = try connection.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
        try #require(!bytes.isEmpty)
        return bytes
    }
}
