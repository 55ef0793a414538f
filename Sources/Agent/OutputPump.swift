import Glibc

/// The pipe from a supervised program to standard output.
final class OutputPump {
    /// The program's end.
    let inlet: Int32
    let outlet: Int32
    private(set) var isOpen = true
    /// Standard output takes no more: the disk is full, say.
    private(set) var hasFailed = false
    /// Bytes that standard output, a file, may come to have.
    var limit = Int64.max

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

    /// There may be something to move, and room for it.
    var isWanted: Bool { isOpen && !hasFailed && room > 0 }

    /// Moves what the pipe holds now, as far as there is room, and a MiB at most: who writes all the time must not keep its
    /// supervisor from all else.
    func pump() {
        for _ in 0..<16 where isOpen && !hasFailed {
            let room = room
            guard room > 0, move(room) else { return }
        }
    }

    /// Moves all that is left, when nobody writes any more.
    func drain() {
        while isOpen, !hasFailed, move(.max) {}
    }

    /// Moves so many bytes at most. False: there are none now.
    private func move(_ most: Int) -> Bool {
        var buffer = [UInt8](repeating: 0, count: min(64 << 10, most))
        let count = read(outlet, &buffer, buffer.count)
        if count == 0 { isOpen = false }
        if count < 0, errno != EINTR { return false }
        if count > 0 { append(buffer[..<count]) }
        return true
    }

    private var room: Int {
        if limit == .max { return .max }
        var status = stat()
        return fstat(1, &status) == 0 ? Int(max(limit - Int64(status.st_size), 0)) : .max
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
