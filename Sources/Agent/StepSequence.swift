import AgentProtocol
import Core
import FoundationEssentials

/// How a job ended.
struct JobOutcome: Sendable, Equatable {
    var status: Status = .success
    var exitCode = 0
    var error = ""

    static func killed(error: String = "") -> JobOutcome {
        JobOutcome(status: .killed, exitCode: 137, error: error)
    }
}

/// The clone and the steps of a job, one after the other.
struct StepSequence: Sendable {
    let job: ClaimedJob
    let workspace: Workspace
    let runtime: any Runtime
    let launcher: Launcher
    let log: JobLog
    let reporter: StepReporter
    let stop: StopSignal

    /// Ends early, the running step killed, when the job is stopped or the task cancelled.
    func run() async -> JobOutcome {
        let work = Task { await perform() }
        stop.whenStopped { work.cancel() }
        return await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
    }

    private func perform() async -> JobOutcome {
        var outcome = await clone()
        if outcome.status == .success, !job.notes.isEmpty {
            log.begin(step: job.plan.steps.first?.number ?? 0)
            for note in job.notes { try? log.say(note.split(whereSeparator: \.isNewline).joined(separator: " ")) }
        }
        for step in job.plan.steps {
            guard mayRun(step, after: outcome) else {
                reporter.report(
                    StepUpdate(number: step.number, status: .skipped, exitCode: 0, startedAt: nil, finishedAt: nil))
                continue
            }
            log.begin(step: step.number)
            let ended = await track(step.number) {
                let code = try await runtime.run(step, in: workspace, output: log.descriptor)
                return JobOutcome(status: code == 0 ? .success : .failure, exitCode: code)
            }
            // The first failure is the job's; what ends it at once is too, whenever it comes.
            if outcome.status == .success || ended.status == .killed || ended.status == .error { outcome = ended }
        }
        return outcome
    }

    private func mayRun(_ step: StepPlan, after outcome: JobOutcome) -> Bool {
        switch outcome.status {
        case .success: step.runsOn.contains(.success) && !isStopped
        case .failure: step.runsOn.contains(.failure) && !isStopped
        default: false
        }
    }

    /// Step 0. What git wrote becomes the log only when it fails.
    private func clone() async -> JobOutcome {
        await track(0) {
            let output = try JobLog(path: workspace.cloneOutput)
            let checkout = Checkout(
                instruction: job.clone, workspace: workspace, launcher: launcher, output: output.descriptor)
            let code = try await checkout.run()
            if code != 0, !isStopped {
                log.begin(step: 0)
                try log.append(output)
                return JobOutcome(
                    status: .error, exitCode: code, error: "the clone failed: git ended with exit code \(code)")
            }
            try await runtime.adopt(workspace)
            return JobOutcome()
        }
    }

    private var isStopped: Bool { stop.reason != nil || Task.isCancelled }

    /// Reports a step's start and end; a stop or an error while it ran is its end.
    private func track(_ number: Int, _ body: () async throws -> JobOutcome) async -> JobOutcome {
        let start = Date()
        reporter.report(StepUpdate(number: number, status: .running, exitCode: 0, startedAt: start, finishedAt: nil))
        var outcome: JobOutcome
        do {
            outcome = try await body()
        } catch {
            outcome = JobOutcome(status: .error, exitCode: 1, error: "\(error)")
        }
        if isStopped {
            outcome = stopped()
        } else if outcome.status == .error, number > 0 || log.size == 0 {
            try? log.say(outcome.error)
        }
        reporter.report(
            StepUpdate(
                number: number, status: outcome.status, exitCode: outcome.exitCode, startedAt: start, finishedAt: Date()
            ))
        return outcome
    }

    private func stopped() -> JobOutcome {
        guard stop.reason == .timedOut else { return .killed() }
        let reason = "timed out after \(Self.duration(job.timeout))"
        try? log.say(reason)
        return .killed(error: reason)
    }

    private static func duration(_ seconds: Int) -> String {
        let (count, unit) = seconds % 60 == 0 ? (seconds / 60, "minute") : (seconds, "second")
        return "\(count) \(unit)\(count == 1 ? "" : "s")"
    }
}
