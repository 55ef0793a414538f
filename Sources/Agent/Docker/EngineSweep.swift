/// Removes what was made on an engine under given labels.
struct EngineSweep: Sendable {
    let engine: EngineClient
    let labels: [String: String]

    /// Returns when nothing is left. An engine that is away, being restarted say, is waited for, up to 30 s.
    func run() async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        var backoff = Backoff()
        while true {
            do {
                if try await clear() { return }
                if ContinuousClock.now > deadline {
                    throw AgentError(.engineUnavailable, "the container engine does not remove containers: \(labels)")
                }
            } catch let error where ContinuousClock.now > deadline {
                throw error
            } catch {}
            try await backoff.pause()
        }
    }

    /// Whether nothing was there. Networks come last: one in use cannot be removed.
    private func clear() async throws -> Bool {
        let containers = try await engine.containers(labels: labels)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for container in containers { group.addTask { try await engine.remove(container.id) } }
            try await group.waitForAll()
        }
        if !containers.isEmpty { return false }
        let networks = try await engine.networks(labels: labels)
        for network in networks { try await engine.removeNetwork(network.id) }
        return networks.isEmpty
    }
}
