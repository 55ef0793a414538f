import Glibc

/// The one supervised program of this process. Single-threaded: bubblewrap's `--die-with-parent` asks for that.
struct Supervision {
    private let program: pid_t
    private let output: OutputPump
    private let wakes: Int32
    private var exitCode: Int32?
    private var isEnding = false
    /// What came of a message of the lifeline.
    private var message: [UInt8] = []

    /// Nil, with `errno` set, when the program cannot be started.
    init?(_ invocation: SupervisorInvocation) {
        guard SystemCalls.becomeSubreaper(), let wakes = WakeSignals.install(),
            let pump = OutputPump(owner: invocation.owner),
            let program = Spawn.start(invocation.command, output: pump.inlet)
        else { return nil }
        pump.closeInlet()
        output = pump
        self.wakes = wakes
        self.program = program
    }

    /// Returns the exit code.
    mutating func run() -> Int32 {
        while !isEnding { waitForEvent() }
        sweep()
        output.drain()
        return output.hasFailed ? EX_IOERR : exitCode ?? 128 + SIGKILL
    }

    private mutating func waitForEvent() {
        var events = [
            pollfd(fd: 0, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakes, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output.isWanted ? output.outlet : -1, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&events, nfds_t(events.count), -1) > 0 else { return }
        // First: a limit that was told before the start holds from the start.
        if events[0].revents != 0 { readLifeline() }
        if events[2].revents != 0 { output.pump() }
        if events[1].revents != 0, WakeSignals.take(from: wakes) { isEnding = true }
        reap()
        if exitCode != nil || output.hasFailed { isEnding = true }
    }

    private mutating func readLifeline() {
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = read(0, &bytes, bytes.count)
        if count == 0 || (count < 0 && errno != EINTR) { isEnding = true }
        guard count > 0 else { return }
        message += bytes[..<count]
        while message.count >= Lifeline.messageLength {
            output.limit = message.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) }
            message.removeFirst(Lifeline.messageLength)
        }
    }

    /// Returns whether a child is left.
    @discardableResult
    private mutating func reap() -> Bool {
        while true {
            var status: Int32 = 0
            let child = waitpid(-1, &status, WNOHANG)
            if child <= 0 { return child == 0 }
            if child == program { exitCode = Self.code(of: status) }
        }
    }

    /// Kills until nothing is left; a descendant that cannot be killed (uninterruptible in the kernel) is given up on
    /// after 10 s.
    ///
    /// All are stopped before the first is killed, else a shell would live to print that its child was `Killed`.
    /// Without a pause worth the name: what forks and ends all the time must be met while it lives.
    private mutating func sweep() {
        let start = time(nil)
        while reap(), time(nil) - start <= 10 {
            let processes = ProcessTable.descendants(of: getpid())
            for signal in [SIGSTOP, SIGKILL] {
                for process in processes { kill(process, signal) }
            }
            output.pump()
            usleep(200)
        }
    }

    /// wait(2): the low seven bits are the signal, the second byte the code.
    private static func code(of status: Int32) -> Int32 {
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
