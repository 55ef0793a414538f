package import AgentProtocol
package import Core
package import SystemPackage

/// Where the steps of a job run.
package protocol Runtime: Sendable {
    /// Takes over a workspace that has just been checked out, and starts what lives as long as the job.
    func adopt(_ workspace: Workspace, for job: ClaimedJob) async throws

    /// Runs a step to its end and leaves nothing of it running. Several steps of a job may run at the same time.
    ///
    /// A step without commands is a plugin: it runs its image's own program, and a runtime without images throws.
    /// What it writes, after a line `+ COMMAND` for each command, is appended to `output`, standard output and error as
    /// one stream. When the task is cancelled the step is killed within 2 s, whatever it started included.
    func run(
        _ step: StepPlan, of job: ClaimedJob, in workspace: Workspace, output: FileDescriptor
    ) async throws -> StepExit

    /// Removes the workspace and all else made for its job.
    func remove(_ workspace: Workspace) async throws

    /// Lets go of what the runtime itself holds. Nothing is run afterwards.
    func close() async
}

/// How a step ended.
package struct StepExit: Sendable, Equatable {
    /// 128 and the signal's number for a step ended by a signal.
    package var code: Int
    /// What there is to say of it, each a line of the log.
    package var remarks: [String] = []
}
