import AgentProtocol
import Core
import FoundationEssentials
import Logging

/// One claimed job, from its first heartbeat to its reported end.
struct JobRun: Sendable {
    let job: ClaimedJob
    let attempt: AttemptClient
    let runtime: any Runtime
    let launcher: Launcher
    let configuration: AgentConfiguration
    let folder: String
    let stop: StopSignal
    let logger: Logger

    /// Returns when nothing of the job is left here. A cancelled task abandons it.
    func run() async {
        let workspace = Workspace(attempt: job.attemptID, in: folder)
        await withTaskGroup { group in
            group.addTask { await stop.abandoned() }
            group.addTask { await lead(in: workspace) }
            await group.next()
            group.cancelAll()
        }
        await remove(workspace)
        if stop.reason == .drained { await handBack() }
    }

    /// One try: without it the job's lease ends by itself.
    private func handBack() async {
        await Task {
            do {
                try await attempt.release()
            } catch {
                logger.notice("the job was not handed back; its lease ends by itself", metadata: ["reason": "\(error)"])
            }
        }.value
    }

    private func lead(in workspace: Workspace) async {
        guard await begin() else { return }
        await withTaskGroup { group in
            group.addTask { await keepLease() }
            group.addTask { await enforceTimeout() }
            await execute(in: workspace)
            group.cancelAll()
        }
    }

    /// The first heartbeat, which starts the job. Without an answer nothing may run: somebody else may have got it by
    /// now.
    private func begin() async -> Bool {
        do {
            let reply = try await persistently { try await attempt.heartbeat() }
            if reply.cancel { stop.stop(.cancelled) }
            return true
        } catch {
            logger.notice("a claimed job was not started", metadata: ["reason": "\(error)"])
            return false
        }
    }

    private func execute(in workspace: Workspace) async {
        do {
            try await deliver(from: workspace)
        } catch ServerFault.stale {
            stop.stop(.stale)
            logger.notice("the attempt is over for this agent")
        } catch is CancellationError {
            logger.notice("the job was given up", metadata: ["reason": "\(stop.reason.map { "\($0)" } ?? "cancelled")"])
        } catch {
            // The lease ends, and the server gives the job to another agent or up.
            logger.error("the job cannot be reported", metadata: ["reason": "\(error)"])
        }
    }

    /// Runs the steps while the log and the steps' states are sent, and reports the end when the server has all of it.
    private func deliver(from workspace: Workspace) async throws {
        guard let masker = Masker(hiding: job.masks) else { return try await refuse() }
        try workspace.create()
        let output = try JobLog(path: workspace.output)
        let log = try JobLog(path: workspace.log)
        let copy = copy(output, to: log, masker, in: workspace)
        let uploader = LogUploader(log: log, attempt: attempt)
        let reporter = StepReporter(attempt: attempt)
        async let copied: Void = orAbandon { try await copy.run() }
        async let uploaded: Void = orAbandon { try await uploader.drain() }
        async let reported: Void = orAbandon { try await reporter.drain() }
        let sequence = StepSequence(
            job: job, workspace: workspace, runtime: runtime, launcher: launcher, log: output, reporter: reporter,
            stop: stop)
        var outcome = await Valve.$current.withValue(copy.valve) { await sequence.run() }
        outcome.error = masker.masking(outcome.error)
        output.close()
        reporter.close()
        try await copied
        try await uploaded
        try await reported
        try await finish(outcome, log: log, uploader: uploader)
    }

    private func copy(_ output: JobLog, to log: JobLog, _ masker: Masker, in workspace: Workspace) -> LogCopy {
        LogCopy(
            output: output, log: LimitedLog(log, limit: configuration.outputLimit, path: workspace.logEnd),
            masker: job.masks.isEmpty ? nil : masker,
            valve: Valve(output: output.descriptor, backlog: configuration.outputBacklog),
            backlog: configuration.outputBacklog)
    }

    /// Secrets that cannot be masked are not to be printed: nothing runs.
    private func refuse() async throws {
        let error = "the job has more secrets than can be masked: give it fewer or smaller ones"
        let end = JobEnd(status: .error, exitCode: 1, error: error, logSize: 0)
        try await persistently { try await attempt.finish(end) }
    }

    /// A job whose progress the server does not take has nobody to run for.
    private func orAbandon(_ delivery: @Sendable () async throws -> Void) async throws {
        do {
            try await delivery()
        } catch {
            if !(error is CancellationError) { stop.stop(.stale) }
            throw error
        }
    }

    private func finish(_ outcome: JobOutcome, log: JobLog, uploader: LogUploader) async throws {
        let end = JobEnd(
            status: outcome.status, exitCode: outcome.exitCode, error: outcome.error, logSize: log.size)
        while true {
            do {
                return try await persistently { try await attempt.finish(end) }
            } catch ServerFault.logSize(let size) {
                try await Task.sleep(for: .milliseconds(200))
                try await uploader.drain(from: size)
            }
        }
    }

    /// Every third of a lease, and often enough for a cancelled job to end within 5 s.
    private var heartbeatInterval: Duration {
        min(.seconds(Double(max(job.lease, 1)) / 3), .seconds(2))
    }

    private func keepLease() async {
        do {
            while true {
                try await Task.sleep(for: heartbeatInterval)
                let reply = try await persistently(noting: noteAbsence) { try await attempt.heartbeat() }
                if reply.cancel { stop.stop(.cancelled) }
            }
        } catch is CancellationError {
            return
        } catch {
            logger.notice("the lease is lost", metadata: ["reason": "\(error)"])
            stop.stop(.stale)
        }
    }

    @Sendable private func noteAbsence(_ fault: ServerFault) {
        logger.warning("the server does not answer; the job goes on", metadata: ["reason": "\(fault)"])
    }

    private func enforceTimeout() async {
        guard (try? await Task.sleep(for: .seconds(job.timeout))) != nil else { return }
        stop.stop(.timedOut)
    }

    private func remove(_ workspace: Workspace) async {
        // Not cut short by a cancelled task.
        await Task {
            do {
                try await runtime.remove(workspace)
            } catch {
                logger.error("a workspace cannot be removed", metadata: ["reason": "\(error)"])
            }
        }.value
    }
}
