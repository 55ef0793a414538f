import Core
import LogStream
import Queue
package import Store

extension Engine {
    /// Stops a job: one that waits is killed at once, one that runs when its agent hears of it, within seconds.
    ///
    /// Throws `notFound`, or `conflict` for a job that has ended.
    package func cancelJob(_ access: Access, build number: Int64, job jobNumber: Int) async throws {
        let actor = try access.somebody().actor
        try await store.transaction { store, session in
            guard
                let build = try await store.lockBuild(repoID: access.repo.id, number: number)?.build,
                let job = try await store.lockJob(buildID: build.id, number: jobNumber)
            else { throw AccessError.notFound("\(access.repo.path) has no job \(number)/\(jobNumber).") }
            guard build.approval != .required else {
                throw Refusal.conflict("Build \(number) waits for approval: decline it.")
            }
            guard !job.status.isFinished else { throw Refusal.conflict("The job has ended: \(job.status.rawValue).") }
            try await cancel(job, of: build, because: "cancelled", store, session)
            try await store.record(
                access.repo.audit(
                    "job.cancel", of: "build \(number) job \(jobNumber)", by: actor,
                    before: ["status": .text(job.status.rawValue)], after: ["cancelled": true]))
        }
        jobsEnded()
    }
}
