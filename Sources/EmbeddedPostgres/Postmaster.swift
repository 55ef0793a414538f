import Glibc
import SystemPackage

/// The server process of a data folder, as its `postmaster.pid` tells it: pid, data folder, start time, port,
/// socket folder, listen address, shared memory key, status, a line each (PostgreSQL, `pidfile.h`).
struct Postmaster: Sendable, Hashable {
    /// No TCP port: it is part of the socket's name.
    static let port = "5432"

    let pid: pid_t
    let port: String
    let socketFolder: FilePath
    let isReady: Bool

    /// nil: no server was started, or it was stopped, or is only about to write the file.
    init?(data: FilePath) {
        guard let lines = Self.file(in: data).text()?.split(separator: "\n", omittingEmptySubsequences: false) else {
            return nil
        }
        guard lines.count >= 8, let pid = pid_t(lines[0]), pid > 0 else { return nil }
        self.pid = pid
        port = String(lines[3])
        socketFolder = FilePath(String(lines[4]))
        isReady = lines[7].hasPrefix("ready")
    }

    var socket: FilePath { socketFolder.appending(Self.socketName(port)) }

    /// Whether the process lives and is the server of `data`, not one that got the number of a dead one. The server's
    /// working directory is its data folder.
    func isAlive(in data: FilePath) -> Bool {
        guard kill(pid, 0) == 0 || errno == EPERM else { return false }
        return FilePath("/proc/\(pid)/cwd").resolved == data
    }

    /// Removes the lock files of a dead server, which a new one refuses to start beside when the number in them is in
    /// use: by another process since, or by the dead one, where the first process of a container does not reap.
    static func forget(in data: FilePath, socketFolder: FilePath) {
        let files = [file(in: data), socketFolder.appending("\(socketName(port)).lock")]
        for file in files { _ = file.withPlatformString { unlink($0) } }
    }

    /// Ends the processes of a server whose postmaster is dead, at once, as a postmaster would after a crash.
    /// Returns whether there were any.
    static func endOrphans(in data: FilePath) -> Bool {
        let processes = FilePath("/proc").entries.compactMap(pid_t.init)
        let orphans = processes.filter { FilePath("/proc/\($0)/cwd").resolved == data }
        for orphan in orphans { _ = kill(orphan, SIGQUIT) }
        return !orphans.isEmpty
    }

    /// Whether somebody accepts connections on the socket.
    var answers: Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = socket.string
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    static func socketName(_ port: String) -> String { ".s.PGSQL.\(port)" }

    private static func file(in data: FilePath) -> FilePath { data.appending("postmaster.pid") }
}
