import Core
import Store

extension JSONWriter {
    mutating func agent(_ agent: AgentRecord) {
        object { json in
            json.field("id", agent.id)
            json.field("name", agent.name)
            json.field("tenant", agent.tenant ?? "")
            json.field("labels", json: agent.labels.json)
            json.field("slots", agent.slots)
            json.field("running", agent.running)
            json.field("version", agent.version)
            json.field("address", agent.address)
            json.field("created_at", agent.createdAt)
            json.field("last_seen_at", agent.lastSeenAt)
            json.field("online", agent.isOnline)
            json.field("paused", agent.isPaused)
        }
    }

    mutating func queueEntry(_ entry: QueueEntry) {
        object { json in
            json.field("id", entry.id)
            json.field("repo", entry.repo.description)
            json.field("build", entry.build)
            json.field("job", entry.job)
            json.field("status", entry.isRunning ? "running" : "waiting")
            json.field("reason", entry.reason)
            json.field("agent", entry.agent ?? "")
            json.field("labels", json: entry.labels.json)
            json.field("priority", entry.priority)
            json.field("enqueued_at", entry.enqueuedAt)
        }
    }
}

extension QueueEntry {
    /// Why the job waits; empty when it does not.
    var reason: String {
        if isRunning { return "" }
        switch hold {
        case .tenant: return "tenant limit \(tenantLimit ?? 0) reached"
        case .repository: return "repository limit \(repositoryLimit ?? 0) reached"
        case .group: return groupReason
        case .new: return "about to be looked at"
        case .agent, .unknown, nil: break
        }
        switch hasAgent {
        case true: return hold == .agent ? "about to be looked at" : "every agent that fits is busy"
        case false: return "every agent that fits is paused"
        case nil: return labels.isEmpty ? "no agent" : "no agent with \(labels.list)"
        }
    }

    private var groupReason: String {
        guard let group else { return "concurrency limit reached" }
        let name = group.name.isEmpty ? "concurrency" : "concurrency group \(group.name):"
        return "\(name) limit \(group.limit) reached"
    }
}

extension Variables {
    /// Such as `arch=arm64, os=linux`.
    fileprivate var list: String { map { "\($0.name)=\($0.value)" }.joined(separator: ", ") }
}

/// The body of `PATCH /api/agents/{id}`.
struct AgentChangePayload: Decodable {
    var paused: Bool?

    init() {}
}
