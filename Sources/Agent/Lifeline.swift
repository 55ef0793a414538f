import Glibc
import Synchronization
import SystemPackage

/// What a supervisor holds on to: its standard input, which ends when the line is cut or its holder dies.
final class Lifeline: Sendable {
    /// The supervisor's end.
    let supervisorEnd: FileDescriptor
    private let ownEnd: Mutex<FileDescriptor?>

    init() throws {
        // A pair of sockets and not a pipe: closed on exec from the start, so that no program started at the same
        // moment holds the line too.
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Errno(rawValue: errno) }
        supervisorEnd = FileDescriptor(rawValue: ends[0])
        ownEnd = Mutex(FileDescriptor(rawValue: ends[1]))
    }

    deinit { cut() }

    /// Tells the supervisor how large its output may become: eight bytes in the machine's order. One that has ended does not
    /// hear it.
    func tell(limit: Int64) {
        ownEnd.withLock { end in
            guard let end else { return }
            var message = limit
            _ = send(end.rawValue, &message, Self.messageLength, Self.withoutSignalOrWait)
        }
    }

    static let messageLength = MemoryLayout<Int64>.size
    /// `MSG_NOSIGNAL | MSG_DONTWAIT` of socket.h.
    private static let withoutSignalOrWait: Int32 = 0x4040

    func cut() {
        let end = ownEnd.withLock { end in
            defer { end = nil }
            return end
        }
        try? end?.close()
    }
}
