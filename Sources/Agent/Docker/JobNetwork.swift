import AgentProtocol
import Core

/// How the containers of one job reach each other.
struct JobNetwork: Sendable {
    /// What an engine turned out to be able to.
    enum Kind: String, Sendable {
        case bridge
        case shared
    }

    let engine: EngineClient
    let kind: Kind
    let names: JobNames

    /// A container's network mode. nil: the engine's usual network.
    func mode(of job: ClaimedJob) -> String? {
        switch kind {
        case .bridge: names.network
        case .shared: job.plan.services.isEmpty ? nil : "container:\(names.holder)"
        }
    }

    /// What a service is found by.
    func networking(of service: String) -> Networking? {
        switch kind {
        case .bridge: Networking(endpoints: [names.network: Networking.Endpoint(aliases: [service])])
        case .shared: nil
        }
    }

    /// - Parameter image: one that has `/bin/sh`, for the container that holds a shared network.
    func create(for job: ClaimedJob, image: String) async throws {
        switch kind {
        case .bridge: try await engine.createNetwork(names.network, labels: names.labels.merging(job.label) { $1 })
        case .shared where job.plan.services.isEmpty: break
        case .shared: try await hold(job, image)
        }
    }

    /// Reading a standard input that nobody writes to lasts for ever, and needs no program besides the shell.
    private func hold(_ job: ClaimedJob, _ image: String) async throws {
        var spec = ContainerSpec(image: image)
        spec.entrypoint = ["/bin/sh", "-c"]
        spec.command = ["read -r end"]
        spec.opensInput = true
        spec.labels = names.labels.merging(job.label) { $1 }.merging([JobNames.role: "network"]) { $1 }
        spec.host.extraHosts = job.plan.services.map { "\($0.name):127.0.0.1" }
        spec.host.droppedCapabilities = ["ALL"]
        spec.host.securityOptions = ["no-new-privileges"]
        try await engine.start(try await engine.create(spec, name: names.holder))
    }
}

extension JobNetwork.Kind {
    /// Finds out whether an engine can make networks, by making one, unless the settings say what to do.
    static func probe(
        _ engine: EngineClient, _ networking: ContainerSettings.Networking, agent: String
    ) async throws -> (kind: JobNetwork.Kind, reason: String?) {
        if networking == .shared { return (.shared, nil) }
        let names = JobNames(agent: agent, attempt: 0)
        do {
            try await engine.createNetwork(names.network, labels: names.labels)
            try await engine.removeNetwork(names.network)
            return (.bridge, nil)
        } catch let fault as EngineFault {
            guard networking == .auto else {
                throw AgentError(.engineUnavailable, "the container engine cannot make a network: \(fault.message)")
            }
            return (.shared, fault.message)
        }
    }
}
