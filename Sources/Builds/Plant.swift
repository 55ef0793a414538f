#if DEBUG
import Core
import FoundationEssentials
import LogStream
import Queue
import Store
import Synchronization

/// Bugs that a debug build has when `SKEP_PLANT` names one, so that `scripts/chaos --self-test` can show that it would
/// find them. Release builds have none of this.
enum Plant: String {
    /// A segment of a log that was acknowledged is gone.
    case dropSegment = "drop-segment"
    /// A build that has ended runs and ends once more, though nobody asked for it.
    case finishTwice = "finish-twice"
    /// A delivery that was answered 202 is not stored.
    case loseDelivery = "lose-delivery"

    private static let planted = ProcessInfo.processInfo.environment["SKEP_PLANT"].flatMap(Plant.init)
    private static let occasions = Mutex(0)

    /// True at every fifth occasion, where this is the bug that was asked for.
    var strikes: Bool {
        guard self == Self.planted else { return false }
        return Self.occasions.withLock { occasions in
            occasions += 1
            return occasions.isMultiple(of: 5)
        }
    }
}

extension Engine {
    func drop(_ segment: Segment, of attempt: AttemptOfAgent) async throws {
        try await store.dropSegment(day: attempt.logDay, attemptID: attempt.id, segment)
    }

    func runAgain(_ attempt: AttemptOfAgent) async throws {
        guard let repo = try await store.work(jobID: attempt.jobID)?.repo else { return }
        try await store.transaction { store, session in
            guard try await store.lockBuild(id: attempt.buildID)?.status.isFinished == true,
                let (_, jobs) = try await store.restartBuild(id: attempt.buildID)
            else { return }
            try await enqueue(jobs, of: repo, session)
        }
    }
}
#endif
