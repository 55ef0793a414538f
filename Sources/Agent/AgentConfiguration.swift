/// What one agent needs to know.
package struct AgentConfiguration: Sendable {
    /// How jobs are kept away from the agent, its host and each other.
    package enum Sandbox: String, Sendable, CaseIterable {
        /// Without a working bubblewrap the agent does not start.
        case required
        /// Without a working bubblewrap jobs run unprotected, which is logged once as a warning.
        case auto
        /// Jobs run as the agent's user and can read what it reads, its token included.
        case off
    }

    /// Where the steps of jobs run.
    package enum RuntimeKind: String, Sendable, CaseIterable {
        /// In containers where an engine answers at the agent's start, else as processes.
        case auto
        /// In containers. Without an engine the agent does not start.
        case docker
        /// As processes, kept apart as `sandbox` says.
        case process
    }

    /// `http` or `https`; a path is kept as a prefix of every call's.
    package var server: String
    package var token: String
    /// Unique among the agents of one token.
    package var name: String
    package var labels: [String: String]
    /// Jobs at once, 1 to 1000.
    package var slots: Int
    /// Where workspaces are; made with mode 0700 when missing. One agent at a time uses it.
    package var folder: String
    package var sandbox: Sandbox
    package var runtime: RuntimeKind = .process
    package var containers = ContainerSettings()
    /// Who sandboxed jobs run as when the agent is root; user and group have the same number.
    package var jobsUser: UInt32 = 65534
    /// Paths outside `/usr` that sandboxed jobs may read besides the usual: tool chains, say.
    package var readable: [String] = []
    /// Whether sandboxed jobs share the host's network. Without it they have a loopback of their own only.
    package var network = true
    /// Seconds a claim waits at the server, 0 to 45.
    package var pollWait = 30
    /// Seconds running jobs get to end by themselves when the agent is asked to stop; then they are killed and handed
    /// back.
    package var drain = 0
    /// Bytes of log a job may have: of more its first three quarters and its last quarter are kept. At least 4.
    package var outputLimit: Int64 = 1 << 30
    /// Bytes of a job's output that may wait on disk to be masked, and as many again to be sent. A job that writes faster is
    /// slowed.
    package var outputBacklog: Int64 = 32 << 20
    /// The program whose first argument may be `supervise`, and which then runs `Supervisor.main`.
    package var executable = "/proc/self/exe"

    package init(
        server: String, token: String, name: String, labels: [String: String] = [:], slots: Int, folder: String,
        sandbox: Sandbox = .required
    ) {
        self.server = server
        self.token = token
        self.name = name
        self.labels = labels
        self.slots = slots
        self.folder = folder
        self.sandbox = sandbox
    }
}
