import Synchronization

/// The jobs that run now, for stopping them all.
final class RunningJobs: Sendable {
    private struct State {
        var jobs: [ObjectIdentifier: StopSignal] = [:]
        var isDraining = false
    }

    private let state = Mutex(State())

    /// A job that comes after `drain` is stopped at once.
    func add(_ job: StopSignal) {
        let isDraining = state.withLock { state in
            state.jobs[ObjectIdentifier(job)] = job
            return state.isDraining
        }
        if isDraining { job.stop(.drained) }
    }

    func remove(_ job: StopSignal) {
        state.withLock { _ = $0.jobs.removeValue(forKey: ObjectIdentifier(job)) }
    }

    func drain() {
        let jobs = state.withLock { state in
            state.isDraining = true
            return Array(state.jobs.values)
        }
        for job in jobs { job.stop(.drained) }
    }
}
