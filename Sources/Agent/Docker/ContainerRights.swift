/// What the containers of a job may do to their host.
///
/// docs/decisions/0006-containers.md says why these.
enum ContainerRights {
    /// Enough to install packages and to change to another user. Docker's usual set also has what opens raw sockets,
    /// makes device files, changes root folders and gives files capabilities.
    static let capabilities = [
        "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID",
    ]

    /// - Parameters:
    ///   - isTrusted: of the plan; others have no privileges, whatever their steps say.
    ///   - isPrivileged: of the step or service.
    static func grant(_ host: inout HostSettings, isTrusted: Bool, isPrivileged: Bool) {
        if isTrusted {
            host.isPrivileged = isPrivileged
        } else {
            host.droppedCapabilities = ["ALL"]
            host.addedCapabilities = capabilities
            host.securityOptions = ["no-new-privileges"]
        }
    }
}

extension ContainerSettings {
    /// Sets the limits that every container of a job has.
    func limit(_ host: inout HostSettings) {
        host.memory = memory
        host.memoryAndSwap = memory
        host.nanoCPUs = cpus.map { Int64($0 * 1_000_000_000) }
        host.processes = pids
    }

    /// - Throws: `AgentError.engineUnavailable` when the engine would take a limit and not keep it.
    func check(_ info: EngineInfo) throws {
        let refusals = [
            (memory != nil && info.memoryLimit == false, "memory"),
            (cpus != nil && info.processorQuota == false, "processors"),
        ]
        if let refusal = refusals.first(where: \.0) {
            throw AgentError(
                .engineUnavailable,
                "the container engine cannot limit \(refusal.1): its kernel lacks the control group; start the agent without that limit"
            )
        }
    }
}
