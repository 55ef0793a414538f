import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

/// Servers and agents as administrators run them: the real program, on a database of the test's own.
final class Installation: Sendable {
    /// Everything of it, also for jobs to leave something in.
    let folder: String
    let forge: TestForge
    private let databaseURL: String
    private let lease: Int
    private let token: String
    private let agentToken: String
    private let port: Int
    private let programs = Mutex<[String: Program]>([:])

    var url: String { "http://127.0.0.1:\(port)" }

    private init(_ databaseURL: String, lease: Int, folder: String, port: Int) async throws {
        self.databaseURL = databaseURL
        self.lease = lease
        self.folder = folder
        self.port = port
        forge = TestForge(root: folder + "/git", work: folder + "/work")
        func skep(_ arguments: String) async throws -> String {
            try await Shell.run("SKEP_DATABASE_URL='\(databaseURL)' \(TestForge.executable) \(arguments)")
                .trimmingCharacters(in: .newlines)
        }
        token = try await skep("user add --admin root")
        agentToken = try await skep("token agent")
        _ = try await skep("key generate >\(folder)/keyring")
    }

    /// - Parameter lease: seconds, as `agents.lease`.
    static func withInstallation(lease: Int, _ body: (Installation) async throws -> Void) async throws {
        try await withMigratedDatabase { url, _ in
            let folder = "/tmp/skep-test-\(UUID().uuidString.prefix(8))"
            for name in ["git", "work", "logs"] {
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            }
            let port = try FreePort.find()
            let installation = try await Installation(url, lease: lease, folder: folder, port: port)
            let result: Result<Void, any Error>
            do { result = .success(try await body(installation)) } catch { result = .failure(error) }
            try await installation.killAll()
            // A killed agent may leave an `rm` of its own at work here: what is gone already is as well.
            try await Shell.run("rm -rf '\(folder)'")
            try result.get()
        }
    }

    // Programs --------------------------------------------------------------------------------------------------

    /// Starts a server, by default the one at `url`; returns when it serves.
    func startServer(_ name: String = "server", port: Int? = nil) async throws {
        let address = "127.0.0.1:\(port ?? self.port)"
        let environment = [
            "SKEP_DATABASE_URL": databaseURL, "SKEP_LISTEN": address, "SKEP_URL": url,
            "SKEP_KEYRING_FILE": folder + "/keyring", "SKEP_GIT_ROOT": forge.root, "SKEP_AGENTS_LEASE": "\(lease)",
        ]
        try start(name, ["serve"], environment)
        try await eventually(timeout: .seconds(180)) {
            try await HTTPClient.shared.get(url: "http://\(address)/readyz").get().status == .ok
        }
    }

    /// Starts an agent of the server at `url` that runs one job at a time, unprotected, so that jobs may leave something
    /// in `folder`.
    func startAgent(_ name: String) throws {
        let arguments = ["agent", "--server", url, "--name", name, "--slots", "1", "--sandbox", "off"]
        try start(name, arguments + ["--folder", "\(folder)/\(name)"], ["SKEP_AGENT_TOKEN": agentToken])
    }

    private func start(_ name: String, _ arguments: [String], _ environment: [String: String]) throws {
        let log = "\(folder)/logs/\(name)"
        if !FileManager.default.fileExists(atPath: log) { try Data().write(to: URL(fileURLWithPath: log)) }
        let program = try Program(arguments, environment: environment, log: log)
        programs.withLock { $0[name] = program }
    }

    /// `kill -9`.
    func kill(_ name: String) async throws {
        let program = programs.withLock { $0.removeValue(forKey: name) }
        try await program?.killHard()
    }

    private func killAll() async throws {
        for name in programs.withLock({ Array($0.keys) }) { try await kill(name) }
    }

    // What it is asked ------------------------------------------------------------------------------------------

    /// Makes a repository, activates it, and pushes a first commit whose only job runs the command.
    func push(_ command: String, to repo: String = "octo/hello") async throws {
        try await forge.create(repo)
        #expect(try await request("POST", "/api/repos/\(repo)").status == .ok)
        try await forge.commit([".drone.yml": "build:\n  image: x\n  commands:\n    - \(command)\n"], to: repo)
    }

    func request(_ method: String, _ path: String) async throws -> (status: HTTPResponseStatus, body: [UInt8]) {
        var request = HTTPClientRequest(url: url + path)
        request.method = HTTPMethod(rawValue: method)
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        return (response.status, Array(buffer: try await response.body.collect(upTo: 1 << 24)))
    }

    /// Status of a build and number of its first job's latest attempt, such as `running 1`.
    func state(ofBuild number: Int = 1, of repo: String = "octo/hello") async throws -> String {
        let body = try await request("GET", "/api/repos/\(repo)/builds/\(number)").body
        let build = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
        let job = (build["jobs"] as? [[String: Any]])?.first ?? [:]
        return "\(build["status"] ?? "") \(job["attempt"] ?? "")"
    }

    func log(attempt: Int) async throws -> String {
        let body = try await request("GET", "/api/repos/octo/hello/logs/1/1?attempt=\(attempt)").body
        return String(decoding: body, as: UTF8.self)
    }

    // What jobs leave -------------------------------------------------------------------------------------------

    func lines(in name: String) -> [String] {
        let text = (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    func touch(_ name: String) throws {
        try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
}
