import Core
import Postgres
import Queue
import Store

extension Engine {
    /// In a transaction: cancels what waits and runs for earlier builds of the same event and ref.
    ///
    /// Builds are locked from the oldest on, after the new one, which nobody else can have seen; all of them before the first
    /// change makes an event, whose lock comes after those of builds.
    func supersede(before build: Build, of repo: Repo, _ store: Store, _ session: any Session) async throws {
        _ = try await cancelBuilds(
            of: build.change.ref, build.event, repo, before: build.number,
            because: "superseded by build \(build.number)", store, session)
    }

    /// In a transaction: cancels what waits and runs for a ref. Answers the numbers of the builds.
    func cancelBuilds(
        of ref: String, _ event: Event, _ repo: Repo, before number: Int64 = .max, because reason: String,
        _ store: Store, _ session: any Session
    ) async throws -> [Int64] {
        let earlier = try await store.unfinishedBuilds(repoID: repo.id, event: event, ref: ref, before: number)
        var unfinished: [Build] = []
        for id in earlier {
            guard let older = try await store.lockBuild(id: id), !older.status.isFinished else { continue }
            unfinished.append(older)
        }
        for older in unfinished {
            if older.approval == .required {
                _ = try await store.declineBuild(id: older.id, by: "skep", reason: reason)
                _ = try await killJobs(of: older, because: reason, store)
                continue
            }
            for job in try await store.jobs(buildID: older.id) where !job.status.isFinished {
                try await cancel(job, of: older, because: reason, store, session)
            }
        }
        return unfinished.map(\.number)
    }

    /// In a transaction that holds the build: kills a job that waits, asks a running one's agent to stop.
    func cancel(_ job: Job, of build: Build, because reason: String, _ store: Store, _ session: any Session)
        async throws
    {
        guard job.status == .pending, try await WorkQueue(session).withdraw(id: job.id) else {
            _ = try await store.askToCancel(jobID: job.id)
            return
        }
        _ = try await store.killWaitingJob(id: job.id, reason: reason)
        _ = try await store.settleBuild(id: build.id)
    }
}
