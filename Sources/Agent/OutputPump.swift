import Glibc

/// The pipe from a supervised program to standard output.
final class OutputPump {
    /// The program's end.
    let inlet: Int32
    let outlet: Int32
    private(set) var isOpen = true
    /// Standard output takes no more: the disk is full, say.
    private(set) var hasFailed = false

    /// Nil, with `errno` set, when there is no pipe to be had.
    init?(owner: UInt32?) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        (outlet, inlet) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // Of this end only: the other has its own flags.
        _ = fcntl(outlet, F_SETFL, O_NONBLOCK)
        if let owner, fchown(inlet, owner, owner) != 0 { return nil }
    }

    func closeInlet() {
        close(inlet)
    }

    /// Moves what the pipe holds now.
    func pump() {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while isOpen, !hasFailed {
            let count = read(outlet, &buffer, buffer.count)
            if count == 0 { isOpen = false }
            if count < 0, errno != EINTR { return }
            if count > 0 { append(buffer[..<count]) }
        }
    }

    private func append(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty, !hasFailed {
            let count = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                hasFailed = true
            }
        }
    }
}
