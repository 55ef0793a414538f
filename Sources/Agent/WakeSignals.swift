import Glibc

/// Signals as something that can be polled: a handler writes to a pipe.
enum WakeSignals {
    /// The pipe's writing end has this number, so that the handler needs no variable.
    private static let number: Int32 = 100

    /// The pipe's reading end; nil, with `errno` set, when it cannot be made.
    static func install() -> Int32? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0, dup2(ends[1], number) == number else { return nil }
        close(ends[1])
        for end in [ends[0], number] {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        for name in [SIGCHLD, SIGTERM, SIGINT, SIGHUP] { signal(name, noteSignal) }
        signal(SIGPIPE, SIG_IGN)
        unblockAll()
        return ends[0]
    }

    /// Empties the pipe; true when a signal other than SIGCHLD came.
    static func take(from pipe: Int32) -> Bool {
        var isEnd = false
        var signal: UInt8 = 0
        while read(pipe, &signal, 1) == 1 { isEnd = isEnd || Int32(signal) != SIGCHLD }
        return isEnd
    }

    private static func unblockAll() {
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
    }
}

/// May be called between any two instructions: nothing but system calls, and `errno` as it was.
private func noteSignal(_ signal: Int32) {
    let error = errno
    var byte = UInt8(truncatingIfNeeded: signal)
    _ = write(100, &byte, 1)
    errno = error
}
