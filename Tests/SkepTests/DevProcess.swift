import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

/// A `skep dev` of its own, the real program, with its data in a temporary folder.
final class DevProcess: Sendable {
    let folder: DevData
    let url: String
    let token: String
    private let process: Mutex<Process>

    /// Starts on the data that are there. Ready when the address and the token are printed.
    init(_ folder: DevData, arguments: [String] = [], environment: [String: String] = [:]) async throws {
        self.folder = folder
        let process = Process()
        process.executableURL = URL(fileURLWithPath: TestForge.executable)
        process.arguments =
            ["dev", "--port", "\(folder.port)", "--data", folder.path, "--log-level", "info"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = try folder.newOutput()
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forUpdatingAtPath: folder.log)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = Mutex(process)
        let lines = try await eventualValue(timeout: .seconds(180)) {
            let text = try String(contentsOfFile: output, encoding: .utf8)
            guard process.isRunning else { throw NotInTime(description: "skep dev ended before it was ready: \(text)") }
            return text.contains("Ctrl-C") ? text.split(separator: "\n") : nil
        }
        url = try #require(lines.first { $0.hasPrefix("SKEP_URL=") }.map { String($0.dropFirst(9)) })
        token = try #require(lines.first { $0.hasPrefix("SKEP_TOKEN=") }.map { String($0.dropFirst(11)) })
    }

    var identifier: Int32 { process.withLock { $0.processIdentifier } }

    /// `kill -9`, as if the machine had thrown the process out.
    func killHard() async throws {
        kill(identifier, SIGKILL)
        _ = try await exitCode()
    }

    /// Ctrl-C; answers the exit code.
    func interrupt() async throws -> Int32 {
        kill(identifier, SIGINT)
        return try await exitCode()
    }

    private func exitCode() async throws -> Int32 {
        try await eventually(timeout: .seconds(180)) { self.process.withLock { !$0.isRunning } }
        return process.withLock { $0.terminationStatus }
    }

    /// Bytes of memory the process has now.
    var residentBytes: Int {
        let statm = (try? String(contentsOfFile: "/proc/\(identifier)/statm", encoding: .utf8)) ?? ""
        return (statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    func get(_ path: String) async throws -> [UInt8] {
        try await request("GET", path)
    }

    @discardableResult
    func request(_ method: String, _ path: String, expecting status: Int? = nil) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: url + path)
        request.method = HTTPMethod(rawValue: method)
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
        let body = Array(buffer: try await response.body.collect(upTo: 1 << 30))
        if let status { #expect(Int(response.status.code) == status, "\(String(decoding: body, as: UTF8.self))") }
        return body
    }

    func build(_ repo: String, _ number: Int) async throws -> [String: Any] {
        let body = try await get("/api/repos/\(repo)/builds/\(number)")
        return try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
    }

    /// Waits until a build has ended, and answers it.
    func ended(_ repo: String, _ number: Int, timeout: Duration = .seconds(60)) async throws -> [String: Any] {
        try await eventually(timeout: timeout) {
            let status = try await self.build(repo, number)["status"] as? String
            return status != nil && status != "pending" && status != "running"
        }
        return try await build(repo, number)
    }
}

/// The data folder of a `skep dev`, removed at the end, with whatever still runs on it.
struct DevData: Sendable {
    let path: String
    let port: Int
    let forge: TestForge

    var log: String { path + "/skep.log" }

    /// A new file for what a start prints.
    func newOutput() throws -> String {
        let file = "\(path)/output-\(UUID().uuidString.prefix(8))"
        try Data().write(to: URL(fileURLWithPath: file))
        return file
    }

    static func withFolder(_ body: (DevData) async throws -> Void) async throws {
        let path = "/tmp/skep-dev-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: path + "/skep.log"))
        let data = DevData(
            path: path, port: try FreePort.find(), forge: TestForge(root: path + "/git", work: path + "/work"))
        let result: Result<Void, any Error>
        do { result = .success(try await body(data)) } catch { result = .failure(error) }
        if let postmaster = data.postmaster { kill(postmaster, SIGQUIT) }
        if case .failure = result, let log = try? String(contentsOfFile: data.log, encoding: .utf8) {
            print("--- skep dev said:\n\(log.suffix(4000))")
        }
        try? FileManager.default.removeItem(atPath: path)
        try result.get()
    }

    /// The process of the embedded PostgreSQL, where its pid file names one that lives.
    var postmaster: Int32? {
        for file in FileManager.default.enumerator(atPath: path + "/postgres")?.compactMap({ $0 as? String }) ?? []
        where file.hasSuffix("postmaster.pid") {
            guard let text = try? String(contentsOfFile: "\(path)/postgres/\(file)", encoding: .utf8) else { continue }
            if let pid = text.split(separator: "\n").first.flatMap({ Int32($0) }), kill(pid, 0) == 0 { return pid }
        }
        return nil
    }
}
