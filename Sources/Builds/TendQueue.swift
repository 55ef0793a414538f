import Core
import Postgres
import Queue
import Store

extension Engine {
    /// Lets held jobs of every tenant through, as far as limits allow.
    package func admitHeldJobs() async throws {
        var admitted = 0
        for tenantID in try await queue.tenantsHeld() {
            admitted += try await store.transaction { _, session in
                try await WorkQueue(session).admit(tenantID: tenantID)
            }
        }
        if admitted > 0 { wakeUps.wake(Topic.queue) }
    }

    /// Keeps claims quick, however much was claimed before. False: there was nothing to do.
    @discardableResult package func moveFloors() async throws -> Bool {
        try await queue.moveFloors()
    }

    /// Finds the jobs that claims have passed over.
    package func bringUpJobs() async throws {
        try await queue.bringUp()
    }

    /// In a transaction: puts jobs on the queue that were made before.
    func enqueue(_ jobs: [JobToQueue], of repo: Repo, _ session: any Session) async throws {
        try await WorkQueue(session).enqueue(
            jobs.map { job in
                NewItem(
                    id: job.job.id, classID: job.classID, tenantID: repo.tenantID, repoID: repo.id,
                    priority: repo.scheduling.priority, attempt: job.job.attempt, group: job.group)
            })
    }

    /// To be called after the commit: jobs were put on the queue.
    func jobsWait() {
        wakeUps.wake(Topic.queue)
        wakeUps.wakeHere(Topic.admission)
        wakeUps.wake(Topic.events)
    }

    /// To be called after the commit: a job left the queue, and there may be room for another.
    func jobsEnded() {
        wakeUps.wakeHere(Topic.admission)
        wakeUps.wake(Topic.events)
    }
}
