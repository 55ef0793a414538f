import Glibc

/// `skep supervise [--owner UID] -- PROGRAM ARGUMENTS…`: runs a program and leaves nothing of it behind.
///
/// A process group would miss what calls `setsid`; this is a child subreaper (prctl(2)), so that every orphan below
/// becomes its own child, and kills them all when the program has ended, when standard input ends (its agent died, or
/// wants the job stopped) or at SIGTERM. Then it exits with the program's code: 128 and the number for a signal.
///
/// The program's output comes through a pipe and is appended to standard output: with the file itself as its output, a
/// job's `> /dev/stderr` would cut the file to nothing. A killed agent loses none of it, because this process outlives
/// it by as long as the pipe holds something.
package enum Supervisor {
    package static func main(arguments: [String]) -> Never {
        guard let invocation = SupervisorInvocation(arguments) else {
            complain("usage: skep supervise [--owner UID] -- PROGRAM ARGUMENTS...")
            exit(EX_USAGE)
        }
        guard var supervision = Supervision(invocation) else {
            complain("cannot supervise \(invocation.command[0]): \(String(cString: strerror(errno)))")
            exit(EX_OSERR)
        }
        exit(supervision.run())
    }

    static func complain(_ text: String) {
        let line = Array("skep: \(text)\n".utf8)
        _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}

struct SupervisorInvocation {
    /// The user given the right to open the output by name.
    var owner: UInt32?
    /// At least the program.
    var command: [String]

    init?(_ arguments: [String]) {
        guard let separator = arguments.firstIndex(of: "--") else { return nil }
        command = Array(arguments[(separator + 1)...])
        let options = arguments[..<separator]
        switch (options.count, options.first) {
        case (0, _): break
        case (2, "--owner"):
            guard let owner = UInt32(options[1]) else { return nil }
            self.owner = owner
        default: return nil
        }
        if command.isEmpty { return nil }
    }
}
