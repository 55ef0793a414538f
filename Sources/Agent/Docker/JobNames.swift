import AgentProtocol

/// What the containers and the network of a job are called, and how they are found again.
struct JobNames: Sendable {
    /// `AgentIdentity`.
    let agent: String
    let attempt: Int64

    private var prefix: String { "skep-\(agent)-\(attempt)" }

    /// Of the job's network.
    var network: String { prefix }
    /// Of the container whose network the others share.
    var holder: String { prefix + "-network" }

    func step(_ number: Int) -> String { "\(prefix)-step-\(number)" }
    func service(_ name: String) -> String { "\(prefix)-service-\(name)" }

    /// On all that was made for any job of this agent.
    static func labels(agent: String) -> [String: String] { ["skep.agent": agent] }

    /// On all that was made for this job.
    var labels: [String: String] { Self.labels(agent: agent).merging(["skep.attempt": "\(attempt)"]) { $1 } }

    var serviceLabels: [String: String] { labels.merging([Self.role: "service"]) { $1 } }

    static let role = "skep.role"
    /// A service's own name.
    static let service = "skep.service"
}

extension ClaimedJob {
    /// For people who look at an engine's containers.
    var label: [String: String] { ["skep.job": "\(repo)/\(build)/\(job)"] }
}
