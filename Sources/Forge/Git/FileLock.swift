import SystemPackage

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// An exclusive lock on a file, gone with the process that holds it.
struct FileLock: Sendable {
    private let file: FileDescriptor

    /// nil where somebody else held it for all of `patience`.
    static func take(_ path: String, patience: Duration) async throws -> FileLock? {
        let file = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .closeOnExec], permissions: [.ownerRead, .ownerWrite])
        do {
            let end = ContinuousClock.now + patience
            // flock blocks or fails at once: there is nothing to await, so it is asked again.
            while flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK || errno == EINTR else { throw Errno(rawValue: errno) }
                guard ContinuousClock.now < end else {
                    try file.close()
                    return nil
                }
                try await Task.sleep(for: .milliseconds(20))
            }
            return FileLock(file: file)
        } catch {
            try? file.close()
            throw error
        }
    }

    func release() {
        // Closing would not do: a program that another task is just starting holds a copy until it runs.
        flock(file.rawValue, LOCK_UN)
        try? file.close()
    }
}
