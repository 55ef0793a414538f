import Glibc
import Subprocess
import SystemPackage

/// A small shell process that stops a server and removes its folder as soon as nobody holds the other end of its
/// standard input: after `release`, or when this process ends, however it ends.
final class Watcher: Sendable {
    private let ourEnd: FileDescriptor
    private let ending: Task<Void, Never>

    /// Returns once the process runs. It runs as the server's user and in a session of its own, so that an interrupt
    /// from the terminal does not end it.
    init(folder: FilePath, programs: Programs) async throws {
        let ends = try Self.ends()
        var options = PlatformOptions()
        options.createSession = true
        let configuration = programs.account.configuration(
            "/bin/sh", ["-c", Self.script, "skep-watcher", programs.binaries.folder.string, folder.string],
            options: options)
        let (started, signal) = AsyncThrowingStream<Void, any Error>.makeStream()
        ourEnd = ends.ours
        ending = Task {
            do {
                let input = FileDescriptorInput.fileDescriptor(ends.theirs, closeAfterSpawningProcess: true)
                _ = try await run(configuration, input: input, output: .discarded, error: .discarded) { _ in
                    signal.finish()
                }
            } catch {
                signal.finish(throwing: error)
            }
        }
        for try await _ in started {}
    }

    /// Stops the server and removes the folder; returns when both are done.
    func release() async {
        try? ourEnd.close()
        await ending.value
    }

    /// The second look is for a server that was only about to start.
    private static let script = """
        read -r _
        stop() { "$1/pg_ctl" stop -s -w -t 20 -m immediate -D "$2/data"; }
        stop "$@" || { sleep 1; stop "$@"; }
        rm -rf -- "$2"
        """

    /// Two ends that no other child of ours inherits: one that did would keep the watcher waiting.
    private static func ends() throws -> (ours: FileDescriptor, theirs: FileDescriptor) {
        var ends: [CInt] = [0, 0]
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw Errno(rawValue: errno) }
        return (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
    }
}
