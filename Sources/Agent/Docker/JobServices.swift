import AgentProtocol
import Core

/// The services of one job.
struct JobServices: Sendable {
    let engine: EngineClient
    let images: Images
    let network: JobNetwork
    let settings: ContainerSettings

    /// Returns when every service's container has been started. Whether it takes connections is for the steps to see.
    func start(for job: ClaimedJob) async throws {
        for service in job.plan.services {
            try Task.checkCancellation()
            try await images.provide(service.image, policy: service.pull)
            let spec = spec(of: service, job)
            do {
                // Not given up halfway: what is made must be found at the job's end.
                try await Task {
                    try await engine.start(try await engine.create(spec, name: network.names.service(service.name)))
                }.value
            } catch let fault as EngineFault {
                throw AgentError(.system, "the service \(service.name) cannot be started: \(fault.message)")
            }
        }
    }

    /// `NAME:ADDRESS` of each service that runs, for the steps: not every engine resolves names by itself (podman without
    /// its plugin). In a shared network the names are known already.
    func hosts() async throws -> [String] {
        guard network.kind == .bridge else { return [] }
        return try await engine.containers(labels: network.names.serviceLabels).compactMap { container in
            guard let name = container.labels?[JobNames.service],
                let address = container.networking?.places?[network.names.network]?.address, !address.isEmpty
            else { return nil }
            return "\(name):\(address)"
        }
    }

    /// A remark on each service that has ended by itself, and not well.
    func failures() async throws -> [String] {
        var remarks: [String] = []
        for container in try await engine.containers(labels: network.names.serviceLabels)
        where container.state == "exited" {
            let state = try await engine.state(of: container.id)
            let name = container.labels?[JobNames.service] ?? container.id
            guard state.exitCode != 0 else { continue }
            let cause = state.wasOutOfMemory ? " (out of memory)" : ""
            let last = String(decoding: try await engine.lastLines(of: container.id, count: 1), as: UTF8.self)
            let line = last.split(whereSeparator: \.isNewline).joined(separator: " ")
            remarks.append(
                "the service \(name) has ended with exit code \(state.exitCode)\(cause)\(line.isEmpty ? "" : ": \(line)")"
            )
        }
        return remarks
    }

    private func spec(of service: ServicePlan, _ job: ClaimedJob) -> ContainerSpec {
        var spec = ContainerSpec(image: service.image)
        spec.entrypoint = service.entrypoint
        spec.command = service.command
        spec.environment = service.environment.map { "\($0.name)=\($0.value)" }
        spec.labels = network.names.serviceLabels.merging(job.label) { $1 }.merging([JobNames.service: service.name]) {
            $1
        }
        spec.host.networkMode = network.mode(of: job)
        spec.networking = network.networking(of: service.name)
        // For the one line of it that a failed step's log shows.
        spec.host.log = .small
        settings.limit(&spec.host)
        ContainerRights.grant(&spec.host, isTrusted: job.plan.trusted, isPrivileged: service.privileged)
        return spec
    }
}
