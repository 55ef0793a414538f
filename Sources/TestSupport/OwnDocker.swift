import Agent
import Foundation
import Glibc
import Synchronization

/// A Docker daemon in namespaces of its own, for this process alone.
///
/// `skep supervise` holds it by this process's end of a pipe, so that it goes however the process ends; its mounts,
/// networks and containers go with its namespaces.
enum OwnDocker {
    private struct Running {
        var supervisor: Int32
        var folder: String
        /// Kept open for as long as the daemon is wanted.
        var lifeline: Pipe
    }

    private static let running = Mutex<Running?>(nil)
    private static let programs = ["dockerd", "containerd", "runc", "iptables", "unshare"]

    /// - Throws: `NotInTime` that says why there can be none here.
    static func start() async throws -> EngineAddress {
        guard geteuid() == 0 else { throw NotInTime(description: "starting Docker takes root; or set DOCKER_HOST") }
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        for program in programs where !path.contains(where: { access("\($0)/\(program)", X_OK) == 0 }) {
            throw NotInTime(description: "\(program) is not installed (scripts/install --engine); or set DOCKER_HOST")
        }
        // A socket's path has at most 107 bytes.
        let folder = "/tmp/skep-docker-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try launch(in: folder)
        atexit { OwnDocker.end() }
        let address = try EngineAddress(host: "unix://\(folder)/socket")
        do {
            try await eventually(timeout: .seconds(180)) {
                try await EngineClient.connect(to: address).close()
                return true
            }
        } catch {
            let log = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? ""
            throw NotInTime(description: "Docker does not start here: \(error), \(log.suffix(600))")
        }
        return address
    }

    private static func launch(in folder: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: TestForge.executable)
        process.arguments =
            [
                "supervise", "--", "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child=SIGKILL",
                "--mount-proc",
            ]
            + ["--", "dockerd", "--data-root", folder + "/data", "--exec-root", folder + "/exec"]
            + ["--pidfile", folder + "/pid", "--host", "unix://\(folder)/socket", "--storage-driver", "overlay2"]
            + ["--bridge", "none", "--iptables=false", "--ip6tables=false"]
        let lifeline = Pipe()
        // No other program started at the same moment may hold it too.
        _ = fcntl(lifeline.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.standardInput = lifeline
        try Data().write(to: URL(filePath: folder + "/log"))
        process.standardOutput = FileHandle(forWritingAtPath: folder + "/log")
        process.standardError = FileHandle.nullDevice
        try process.run()
        running.withLock {
            $0 = Running(supervisor: process.processIdentifier, folder: folder, lifeline: lifeline)
        }
    }

    /// Called when the process ends.
    private static func end() {
        guard let running = running.withLock({ $0 }) else { return }
        try? running.lifeline.fileHandleForWriting.close()
        kill(running.supervisor, SIGTERM)
        for _ in 0..<500 where kill(running.supervisor, 0) == 0 { usleep(20_000) }
        try? FileManager.default.removeItem(atPath: running.folder)
    }
}
