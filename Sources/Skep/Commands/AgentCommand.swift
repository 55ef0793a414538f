import Agent
import ArgumentParser
import Foundation
import ServiceLifecycle
import UnixSignals

struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Run jobs for a server.",
        discussion: "The token comes from SKEP_AGENT_TOKEN or SKEP_AGENT_TOKEN_FILE; `skep token agent` makes one.")

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "The server's address; also SKEP_SERVER.")
    var server: String?

    @Option(help: "What administrators see. Default: the machine's name.")
    var name: String?

    @Option(
        help:
            "Labels that jobs may ask for, such as os=linux,arch=amd64. The machine's own os and arch are always there."
    )
    var labels: String?

    @Option(help: "Jobs to run at once.")
    var slots: Int?

    @Option(help: "Where workspaces are.")
    var folder = "/var/lib/skep-agent"

    @Option(help: "How jobs are kept apart: required, auto or off.")
    var sandbox = "required"

    @Option(
        help:
            "Seconds that running jobs have to end after SIGTERM; then they are handed back. A second SIGTERM ends all at once."
    )
    var drain = 0

    @OptionGroup var runtime: RuntimeOptions

    func run() async throws {
        try await orExplain { try await work() }
    }

    private func work() async throws {
        let settings = try await options.settings()
        let logger = try Log.start("skep-agent", level: settings.logLevel, format: settings.logFormat)
        guard let server = server ?? settings.agentServer else {
            throw SettingsError(message: "Say which server to work for: --server URL, or SKEP_SERVER.")
        }
        guard let token = try settings.agentToken else {
            throw SettingsError(
                message: "Set SKEP_AGENT_TOKEN or SKEP_AGENT_TOKEN_FILE; `skep token agent` makes a token.")
        }
        guard let sandbox = AgentConfiguration.Sandbox(rawValue: sandbox) else {
            throw SettingsError(message: "--sandbox must be required, auto or off.")
        }
        let slots = try slots ?? settings.agentSlots ?? ProcessInfo.processInfo.activeProcessorCount
        guard (1...1000).contains(slots) else { throw SettingsError(message: "--slots must be 1 to 1000.") }
        var configuration = AgentConfiguration(
            server: server, token: token, name: name ?? ProcessInfo.processInfo.hostName, labels: try allLabels(),
            slots: slots,
            folder: folder, sandbox: sandbox)
        guard (0...86_400).contains(drain) else { throw SettingsError(message: "--drain must be 0 to 86400 seconds.") }
        configuration.drain = drain
        configuration.executable = Server.executable
        try runtime.apply(to: &configuration, settings, unlessSaid: .auto)
        if let limit = try settings.agentOutputLimit { configuration.outputLimit = limit }
        let services: [any Service] = [AgentService(configuration: configuration, logger: logger)]
        let impatience = Task { await endAtSecondSignal() }
        defer { impatience.cancel() }
        try await services.runUntilStopped(within: .seconds(drain + 30), logger: logger)
    }

    /// Jobs end with the agent's process.
    private func endAtSecondSignal() async {
        var seen = 0
        for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
            seen += 1
            if seen > 1 { _exit(128 + signal.rawValue) }
        }
    }

    private func allLabels() throws -> [String: String] {
        var all = AgentConfiguration.machineLabels
        for label in (labels ?? "").split(separator: ",") {
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw SettingsError(message: "--labels must be NAME=VALUE,NAME=VALUE; \(label) is not.")
            }
            all[String(parts[0])] = String(parts[1])
        }
        return all
    }
}

extension AgentConfiguration {
    /// `os` and `arch` of this machine, as `platform: os/arch` names them.
    static var machineLabels: [String: String] {
        #if arch(x86_64)
        ["os": "linux", "arch": "amd64"]
        #elseif arch(arm64)
        ["os": "linux", "arch": "arm64"]
        #else
        ["os": "linux"]
        #endif
    }
}
