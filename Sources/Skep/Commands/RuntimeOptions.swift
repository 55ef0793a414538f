import Agent
import ArgumentParser
import Core
import Foundation

/// Where an agent's jobs run, and what their containers may have. An option wins over the setting of its name.
struct RuntimeOptions: ParsableArguments {
    @Option(help: "Where steps run: docker, process, or auto: docker where an engine answers.")
    var runtime: String?

    @Option(help: "Memory of each container, such as 512m or 2g, or none.")
    var memory: String?

    @Option(help: "Processors of each container, such as 1.5, or none.")
    var cpus: String?

    @Option(help: "Processes and threads of each container, or none. Default: 4096.")
    var pids: String?

    func apply(
        to configuration: inout AgentConfiguration, _ settings: Settings,
        unlessSaid usual: AgentConfiguration.RuntimeKind
    ) throws {
        configuration.runtime =
            try choice("--runtime", runtime ?? settings.agent("runtime")) ?? usual
        var containers = ContainerSettings()
        containers.address = try address(settings.agent("engine"))
        containers.memory = try limit("memory", memory ?? settings.agent("memory"), none: nil, ByteSize.init)?.bytes
        containers.cpus = try limit("cpus", cpus ?? settings.agent("cpus"), none: nil) {
            Double($0).flatMap { $0 > 0 && $0 <= 10_000 ? $0 : nil }
        }
        containers.pids = try limit("pids", pids ?? settings.agent("pids"), none: containers.pids) {
            Int64($0).flatMap { $0 > 0 ? $0 : nil }
        }
        containers.pull = try choice("agent.pull", settings.agent("pull")) ?? containers.pull
        containers.networking =
            try choice("agent.network", settings.agent("network")) ?? containers.networking
        containers.registryConfigFile = settings.agent("registry_config_file")
        containers.engineFolder = settings.agent("engine_folder").map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        configuration.containers = containers
    }

    private func address(_ engine: String?) throws -> EngineAddress {
        var environment = ProcessInfo.processInfo.environment
        if let engine { environment["DOCKER_HOST"] = engine }
        do {
            return try EngineAddress(environment: environment)
        } catch let error as AgentError {
            throw SettingsError(message: error.description)
        }
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ text: String?
    ) throws -> Choice? where Choice.RawValue == String {
        guard let text else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingsError(message: "\(name) must be one of \(choices); it is \(text).")
        }
        return choice
    }

    /// - Parameter none: without the option and the setting.
    private func limit<Limit>(
        _ name: String, _ text: String?, none: Limit?, _ read: (String) -> Limit?
    ) throws -> Limit? {
        guard let text, !text.isEmpty else { return none }
        if text == "none" { return nil }
        guard let limit = read(text) else {
            throw SettingsError(
                message: "--\(name) (agent.\(name)) cannot be \(text); `skep agent --help` has examples.")
        }
        return limit
    }
}
