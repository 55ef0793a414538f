import Core
import Store

extension JSONWriter {
    /// A build with its jobs: the documented fields in their order, then ours.
    mutating func build(_ found: BuildWithJobs) {
        let build = found.build
        let change = build.change
        object { json in
            json.field("id", build.id)
            json.field("number", build.number)
            json.field("event", build.event.rawValue)
            json.field("status", build.status.rawValue)
            json.field("created_at", build.createdAt)
            json.field("enqueued_at", build.enqueuedAt)
            json.field("started_at", build.startedAt)
            json.field("finished_at", build.finishedAt)
            json.field("commit", change.commit)
            json.field("branch", change.branch)
            json.field("ref", change.ref)
            json.field("remote", change.remote)
            json.field("message", change.message)
            json.field("timestamp", change.timestamp)
            json.field("author", change.author)
            json.field("author_avatar", change.authorAvatar)
            json.field("author_email", change.authorEmail)
            json.field("link_url", change.linkURL)
            json.field("jobs") { json in json.array(found.jobs) { $0.job($1) } }
            json.field("deploy_to", build.deployTo)
            json.field("refspec", change.refspec)
            json.field("title", change.title)
            json.field("parent", build.parent ?? 0)
            json.field("error", build.error)
            json.field("approval", build.approval.rawValue)
            json.field("approval_by", build.approvalBy)
        }
    }

    mutating func job(_ job: Job) {
        object { json in
            json.field("id", job.id)
            json.field("number", job.number)
            json.field("status", job.status.rawValue)
            json.field("enqueued_at", job.enqueuedAt)
            json.field("started_at", job.startedAt)
            json.field("finished_at", job.finishedAt)
            json.field("exit_code", job.exitCode)
            json.field("environment", json: job.environment)
            json.field("error", job.error)
            json.field("attempt", job.attempt)
            if let steps = job.steps { json.field("steps") { json in json.array(steps) { $0.step($1) } } }
        }
    }

    private mutating func step(_ step: StepRun) {
        object { json in
            json.field("number", step.number)
            json.field("name", step.name)
            json.field("status", step.status.rawValue)
            json.field("exit_code", step.exitCode)
            json.field("started_at", step.startedAt)
            json.field("finished_at", step.finishedAt)
            json.field("image", step.image)
        }
    }
}
