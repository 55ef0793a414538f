import Synchronization
import SystemPackage

/// Slows a job whose output comes faster than it can be kept: its supervisor takes output from the pipe only until the file has a
/// certain size, and who writes to a full pipe waits.
///
/// It works for whatever a `Launcher` runs for the job, which finds it in `current`.
final class Valve: Sendable {
    /// The valve of the job that the task is about.
    @TaskLocal static var current: Valve?

    private struct State {
        /// The size that supervisors were told of last.
        var limit: Int64
        var lines: [ObjectIdentifier: Lifeline] = [:]
    }

    private let output: FileDescriptor
    /// Bytes that may wait in the output.
    private let backlog: Int64
    private let state: Mutex<State>

    init(output: FileDescriptor, backlog: Int64) {
        self.output = output
        self.backlog = backlog
        state = Mutex(State(limit: backlog))
    }

    /// Lets the output grow again, `offset` bytes of which are done with.
    func open(from offset: Int64) {
        state.withLock { state in
            let limit = offset + backlog
            // Seldom, but always before all that is allowed has been read.
            guard limit - state.limit >= max(backlog / 4, 1) else { return }
            state.limit = limit
            for line in state.lines.values { line.tell(limit: limit) }
        }
    }

    /// Limits the program at the other end of the line, if it writes to this output; before it starts.
    func attach(_ line: Lifeline, output: FileDescriptor) {
        guard output == self.output else { return }
        state.withLock { state in
            state.lines[ObjectIdentifier(line)] = line
            line.tell(limit: state.limit)
        }
    }

    func detach(_ line: Lifeline) {
        state.withLock { _ = $0.lines.removeValue(forKey: ObjectIdentifier(line)) }
    }
}
