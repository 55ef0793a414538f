package import Core

/// How an agent runs containers.
package struct ContainerSettings: Sendable {
    /// How the containers of a job reach each other.
    package enum Networking: String, Sendable, CaseIterable {
        /// A network a job where the engine can make one, else `shared`.
        case auto
        /// A network a job, in which services have their names.
        case bridge
        /// One container's network for all of the job's, in which each service is at 127.0.0.1.
        case shared
    }

    package var address = EngineAddress.standard
    /// Bytes of memory a container may have, swap included; nil: no limit.
    package var memory: Int64?
    /// Processors a container may use at once; nil: no limit.
    package var cpus: Double?
    /// Processes and threads of a container; nil: no limit.
    package var pids: Int64? = 4096
    /// For images whose step or service does not say.
    package var pull = PullPolicy.ifNotExists
    /// A `config.json` as `docker login` writes it; nil: images are pulled without credentials.
    package var registryConfigFile: String?
    /// The agent's folder as the engine's host sees it; nil: by the same path.
    package var engineFolder: String?
    package var networking = Networking.auto

    package init() {}
}
