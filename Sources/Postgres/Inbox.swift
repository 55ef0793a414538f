import Synchronization

/// Where other threads leave work for the loop, and wake it when it sleeps.
final class Inbox: Sendable {
    private struct State {
        var commands: [Command] = []
        var isAsleep = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let poller: Poller

    init(_ poller: Poller) {
        self.poller = poller
    }

    /// False when the loop has ended: the command is dropped and whoever waits for it must be told by the caller.
    func post(_ command: Command) -> Bool {
        let (isTaken, wasAsleep) = state.withLock { state in
            if state.isClosed { return (false, false) }
            state.commands.append(command)
            defer { state.isAsleep = false }
            return (true, state.isAsleep)
        }
        // Outside of the lock: others would spin while the kernel works.
        if wasAsleep { poller.wake() }
        return isTaken
    }

    /// Swaps the commands for an empty array that keeps its memory.
    func drain(into commands: inout [Command]) {
        commands.removeAll(keepingCapacity: true)
        state.withLock { state in
            state.isAsleep = false
            swap(&state.commands, &commands)
        }
    }

    /// True when there is nothing to do. From then on, a command rings the bell.
    func fallAsleep() -> Bool {
        state.withLock { state in
            state.isAsleep = state.commands.isEmpty
            return state.isAsleep
        }
    }

    /// Ends the inbox, and gives back what came after the last `drain`.
    func close() -> [Command] {
        state.withLock { state in
            state.isClosed = true
            defer { state.commands = [] }
            return state.commands
        }
    }
}
