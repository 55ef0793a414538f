import Glibc
import SystemPackage

/// Lets one process at a time start a server in a folder. The system opens the lock when its holder ends.
struct FolderLock: Sendable {
    let path: FilePath
    var timeout: Duration = .seconds(60)

    /// Waits up to `timeout` for another process to let go, without holding a thread.
    func callAsFunction<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        // The server's user owns the folder and we may be root: do not follow a link that it put there.
        let file = try FileDescriptor.open(
            path, .readWrite, options: [.create, .closeOnExec, .noFollow], permissions: [.ownerReadWrite])
        defer { try? file.close() }
        let deadline = ContinuousClock.now + timeout
        while flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 {
            guard ContinuousClock.now < deadline else {
                throw EmbeddedPostgresError(.timeout, "another process has held \(path) for \(timeout)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return try await body()
    }
}
