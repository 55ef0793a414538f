import Core

/// Which steps of a job are to start, be skipped or be waited for. Knows no I/O.
///
/// Whether a step runs is decided by the steps it waits for, and those they wait for: never by what happens to run beside it. So
/// a plan has the same end however fast its steps are.
struct StepSchedule {
    enum Move: Equatable {
        case run(StepPlan)
        case skip(StepPlan)
    }

    private enum State {
        case waiting, running, skipped
        case ended(JobOutcome)
    }

    private let steps: [StepPlan]
    /// By number.
    private let waits: [Int: [Int]]
    private var states: [Int: State]
    /// Steps behind a failure, their own included.
    private var failed: Set<Int> = []
    /// A step did not run because the job was stopped.
    private(set) var wasCut = false

    init(_ steps: [StepPlan]) {
        self.steps = steps
        let before = [[]] + steps.map { [$0.number] }
        waits = Dictionary(
            uniqueKeysWithValues: zip(steps, before).map { step, before in (step.number, step.dependsOn ?? before) })
        states = Dictionary(uniqueKeysWithValues: steps.map { ($0.number, .waiting) })
    }

    /// The first move to make now. nil: a running step has to end first, or none is left.
    ///
    /// - Parameter isStopped: what has not started is skipped.
    mutating func next(isStopped: Bool) -> Move? {
        for step in steps {
            let waits = waits[step.number] ?? []
            guard case .waiting = states[step.number], waits.allSatisfy(isOver) else { continue }
            if !failed.isDisjoint(with: waits) { failed.insert(step.number) }
            let fits = step.runsOn.contains(failed.contains(step.number) ? .failure : .success) && !isBroken
            if fits, isStopped { wasCut = true }
            states[step.number] = fits && !isStopped ? .running : .skipped
            return fits && !isStopped ? .run(step) : .skip(step)
        }
        return nil
    }

    mutating func end(_ number: Int, _ outcome: JobOutcome) {
        let isIgnored = outcome.status == .failure && steps.contains { $0.number == number && $0.ignoresFailure }
        states[number] = .ended(isIgnored ? JobOutcome() : outcome)
        if outcome.status != .success, !isIgnored { failed.insert(number) }
    }

    /// What the job has come to. What ends a job at once goes before a failure, a lower number before a higher one.
    var outcome: JobOutcome {
        let ends = steps.compactMap { step in
            if case .ended(let outcome) = states[step.number] { outcome } else { nil }
        }
        return ends.first { $0.status == .killed || $0.status == .error }
            ?? ends.first { $0.status != .success } ?? JobOutcome()
    }

    /// After an error of Skep's own nothing else is started.
    private var isBroken: Bool { outcome.status == .killed || outcome.status == .error }

    private func isOver(_ number: Int) -> Bool {
        switch states[number] {
        case .waiting, .running: false
        case .skipped, .ended, nil: true
        }
    }
}
