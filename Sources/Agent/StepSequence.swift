import AgentProtocol
import Core
import FoundationEssentials

/// The clone of a job and then its steps, those that wait for nobody at the same time.
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
        if outcome.status == .success {
            sayNotes()
            outcome = await runSteps()
        } else {
            for step in job.plan.steps { skip(step) }
        }
        // Once, however many steps it ended.
        if outcome.status == .killed, !outcome.error.isEmpty { try? log.say(outcome.error) }
        return outcome
    }

    private func sayNotes() {
        guard !job.notes.isEmpty else { return }
        log.begin(step: job.plan.steps.first?.number ?? 0)
        for note in job.notes { try? log.say(note.split(whereSeparator: \.isNewline).joined(separator: " ")) }
    }

    /// Each step as soon as those it waits for are over.
    private func runSteps() async -> JobOutcome {
        let outputs = StepOutputs(job.plan.steps, log: log, workspace: workspace)
        var schedule = StepSchedule(job.plan.steps)
        await withTaskGroup(of: (Int, JobOutcome).self) { group in
            while true {
                while let move = schedule.next(isStopped: isStopped) {
                    switch move {
                    case .run(let step): group.addTask { (step.number, await run(step, outputs)) }
                    case .skip(let step):
                        skip(step)
                        await outputs.close(step.number)
                    }
                }
                guard let (number, outcome) = await group.next() else { break }
                schedule.end(number, outcome)
            }
        }
        do {
            try await outputs.finish()
        } catch {
            return JobOutcome(status: .error, exitCode: 1, error: "\(error)")
        }
        return schedule.wasCut && schedule.outcome.status != .error ? stopped() : schedule.outcome
    }

    private func run(_ step: StepPlan, _ outputs: StepOutputs) async -> JobOutcome {
        do {
            let output = try await outputs.open(step.number)
            let outcome = await track(step.number, in: output) {
                let exit = try await runtime.run(step, of: job, in: workspace, output: output.descriptor)
                for remark in exit.remarks { try output.say(remark) }
                return JobOutcome(status: exit.code == 0 ? .success : .failure, exitCode: exit.code)
            }
            await outputs.close(step.number)
            return outcome
        } catch {
            await outputs.close(step.number)
            return JobOutcome(status: .error, exitCode: 1, error: "\(error)")
        }
    }

    private func skip(_ step: StepPlan) {
        reporter.report(
            StepUpdate(number: step.number, status: .skipped, exitCode: 0, startedAt: nil, finishedAt: nil))
    }

    /// Step 0. What git wrote becomes the log only when it fails.
    private func clone() async -> JobOutcome {
        await track(0, in: log) {
            let output = try JobLog(path: workspace.cloneOutput)
            let checkout = Checkout(
                instruction: job.clone, options: job.plan.clone, workspace: workspace, launcher: launcher,
                output: output.descriptor)
            let code = try await checkout.run()
            if code != 0, !isStopped {
                log.begin(step: 0)
                try log.append(output)
                return JobOutcome(
                    status: .error, exitCode: code, error: "the clone failed: git ended with exit code \(code)")
            }
            try await runtime.adopt(workspace, for: job)
            return JobOutcome()
        }
    }

    private var isStopped: Bool { stop.reason != nil || Task.isCancelled }

    /// Reports a step's start and end; a stop or an error while it ran is its end.
    private func track(
        _ number: Int, in output: JobLog, _ body: () async throws -> JobOutcome
    ) async -> JobOutcome {
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
        } else if outcome.status == .error, number > 0 || output.size == 0 {
            try? output.say(outcome.error)
        }
        reporter.report(
            StepUpdate(
                number: number, status: outcome.status, exitCode: outcome.exitCode, startedAt: start, finishedAt: Date()
            ))
        return outcome
    }

    private func stopped() -> JobOutcome {
        guard stop.reason == .timedOut else { return .killed() }
        return .killed(error: "timed out after \(Self.duration(job.timeout))")
    }

    private static func duration(_ seconds: Int) -> String {
        let (count, unit) = seconds % 60 == 0 ? (seconds / 60, "minute") : (seconds, "second")
        return "\(count) \(unit)\(count == 1 ? "" : "s")"
    }
}
