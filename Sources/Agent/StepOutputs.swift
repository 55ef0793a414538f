import Core
import FoundationEssentials
import Glibc

/// The outputs of steps, some of which run at the same time, as one log in the order of their numbers.
///
/// The lowest step that is not over writes to the log as it goes. What others write waits in a file of their own, and follows
/// when all steps before them are over. So each step's bytes are together, and nothing in the log is ever moved.
actor StepOutputs {
    private let log: JobLog
    private let workspace: Workspace
    /// Those whose output is not all in the log, in order.
    private var rest: ArraySlice<Int>
    private var over: Set<Int> = []
    private var spools: [Int: Spool] = [:]
    private var follower: Task<Void, Never>?
    private var failure: (any Error)?

    private struct Spool {
        let log: JobLog
        let path: String
        /// Bytes that the job's log has; nil before the step's turn.
        var copied: Int64?
    }

    init(_ steps: [StepPlan], log: JobLog, workspace: Workspace) {
        self.log = log
        self.workspace = workspace
        rest = steps.map(\.number)[...]
    }

    /// Where a step that starts now writes to.
    func open(_ step: Int) throws -> JobLog {
        if step == rest.first {
            log.begin(step: step)
            return log
        }
        let path = workspace.output(ofStep: step)
        let spool = Spool(log: try JobLog(path: path), path: path)
        spools[step] = spool
        if follower == nil { follower = Task { await follow() } }
        return spool.log
    }

    /// The step writes nothing more, or never ran.
    func close(_ step: Int) {
        over.insert(step)
        copy()
    }

    /// Returns when the log has all that was written. Every step is over by then.
    func finish() async throws {
        follower?.cancel()
        copy()
        if let failure { throw failure }
    }

    /// Shows what the step whose turn it is writes, while it writes.
    private func follow() async {
        while !Task.isCancelled {
            copy()
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private func copy() {
        while failure == nil, let step = rest.first {
            do {
                try copySpool(of: step)
            } catch {
                failure = error
            }
            guard over.contains(step) else { return }
            rest.removeFirst()
            if let spool = spools.removeValue(forKey: step) { unlink(spool.path) }
        }
    }

    private func copySpool(of step: Int) throws {
        guard var spool = spools[step] else { return }
        if spool.copied == nil { log.begin(step: step) }
        var copied = spool.copied ?? 0
        while let slice = try spool.log.slice(from: copied, limit: 64 << 10) {
            try log.write(slice.bytes)
            copied += Int64(slice.bytes.count)
        }
        spool.copied = copied
        spools[step] = spool
    }
}
