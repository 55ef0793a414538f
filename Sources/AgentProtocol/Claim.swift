package import Core

/// `POST /agent/v1/claim`: asks for one job that fits, waiting up to `wait` seconds for one.
///
/// 200 with a `ClaimedJob`, or 204 when none came in that time.
package struct ClaimRequest: Sendable, Codable {
    /// Unique among the agents of one token; what an administrator sees.
    package var agent: String
    package var labels: [String: String]
    /// Jobs this agent runs at once, 1 to 1000.
    package var slots: Int
    /// Seconds, 0 to 45: under a minute, so that no proxy on the way gives up first.
    package var wait: Int
    /// `ProtocolVersion.current` of the agent.
    package var version: Int

    package init(agent: String, labels: [String: String], slots: Int, wait: Int, version: Int = ProtocolVersion.current)
    {
        self.agent = agent
        self.labels = labels
        self.slots = slots
        self.wait = wait
        self.version = version
    }
}

/// A server works with agents of its own version and of the one before; others are refused with 426.
package enum ProtocolVersion {
    package static let current = 1
    package static let accepted = 1...1
}

/// A job and the right to run it, until the lease ends.
package struct ClaimedJob: Sendable, Codable {
    /// Names this run of the job in every later call.
    package var attemptID: Int64
    /// 1 for the job's first run.
    package var attempt: Int
    /// Such as `octocat/hello-world`.
    package var repo: String
    package var build: Int64
    package var job: Int
    /// Seconds the job may run, counted from its start.
    package var timeout: Int
    /// Seconds after which a job without a heartbeat is given to another agent. The first heartbeat is due at once.
    package var lease: Int
    package var clone: CloneInstruction
    package var plan: JobPlan
    /// Secret values: none of them, in no form, leaves the agent in a log or an error.
    package var masks: [String]
    /// What Skep has to say before the first step, each a line of the log that begins with `skep: `.
    package var notes: [String]
    /// What the agent sends as `traceparent` with every later call about the job. nil: an older server.
    package var traceparent: String?

    package init(
        attemptID: Int64, attempt: Int, repo: String, build: Int64, job: Int, timeout: Int, lease: Int,
        clone: CloneInstruction, plan: JobPlan, masks: [String] = [], notes: [String] = [],
        traceparent: String? = nil
    ) {
        self.attemptID = attemptID
        self.attempt = attempt
        self.repo = repo
        self.build = build
        self.job = job
        self.timeout = timeout
        self.lease = lease
        self.clone = clone
        self.plan = plan
        self.masks = masks
        self.notes = notes
        self.traceparent = traceparent
    }
}

/// What to have in the workspace before the first step. How, says the plan's `clone`.
package struct CloneInstruction: Sendable, Codable {
    package var remote: String
    package var ref: String
    package var commit: String
    /// nil: the agent gets at the remote by itself.
    package var credential: CloneCredential?

    package init(remote: String, ref: String, commit: String, credential: CloneCredential? = nil) {
        self.remote = remote
        self.ref = ref
        self.commit = commit
        self.credential = credential
    }
}
