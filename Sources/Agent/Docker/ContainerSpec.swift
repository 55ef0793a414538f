/// What a container is to be: the body of `POST /containers/create`.
struct ContainerSpec: Sendable, Encodable {
    var image: String
    /// nil: the image's.
    var entrypoint: [String]?
    /// nil: the image's, where the entrypoint is too.
    var command: [String]?
    /// `NAME=value`, beside the image's.
    var environment: [String] = []
    var workingFolder: String?
    var user: String?
    var labels: [String: String] = [:]
    /// Whether its standard input stays open, so that reading it lasts for ever.
    var opensInput = false
    var host = HostSettings()
    /// Names of the container in the network it is put on at its start.
    var networking: Networking?

    enum CodingKeys: String, CodingKey {
        case image = "Image"
        case entrypoint = "Entrypoint"
        case command = "Cmd"
        case environment = "Env"
        case workingFolder = "WorkingDir"
        case user = "User"
        case labels = "Labels"
        case opensInput = "OpenStdin"
        case host = "HostConfig"
        case networking = "NetworkingConfig"
    }

    init(image: String) {
        self.image = image
    }
}

/// What a container may have of its host.
struct HostSettings: Sendable, Encodable {
    var mounts: [Mount] = []
    var networkMode: String?
    /// `NAME:ADDRESS`.
    var extraHosts: [String] = []
    /// Bytes; swap included, since the two are set alike.
    var memory: Int64?
    var memoryAndSwap: Int64?
    var nanoCPUs: Int64?
    var processes: Int64?
    var isPrivileged = false
    var droppedCapabilities: [String] = []
    var addedCapabilities: [String] = []
    var securityOptions: [String] = []
    /// Whether a small first process reaps what the job leaves behind.
    var hasInit = false
    var log = LogSettings()

    enum CodingKeys: String, CodingKey {
        case mounts = "Mounts"
        case networkMode = "NetworkMode"
        case extraHosts = "ExtraHosts"
        case memory = "Memory"
        case memoryAndSwap = "MemorySwap"
        case nanoCPUs = "NanoCpus"
        case processes = "PidsLimit"
        case isPrivileged = "Privileged"
        case droppedCapabilities = "CapDrop"
        case addedCapabilities = "CapAdd"
        case securityOptions = "SecurityOpt"
        case hasInit = "Init"
        case log = "LogConfig"
    }
}

/// A folder of the engine's host as the container sees it. A missing one is an error, where a "bind" would make it.
struct Mount: Sendable, Encodable {
    var type = "bind"
    var source: String
    var target: String
    var isReadOnly = false

    enum CodingKeys: String, CodingKey {
        case type = "Type"
        case source = "Source"
        case target = "Target"
        case isReadOnly = "ReadOnly"
    }
}

/// Where the engine keeps what a container prints.
struct LogSettings: Sendable, Encodable {
    var type = "none"
    var options: [String: String] = [:]

    /// A file of at most 1 MB.
    static let small = LogSettings(type: "json-file", options: ["max-size": "1m", "max-file": "1"])

    enum CodingKeys: String, CodingKey {
        case type = "Type"
        case options = "Config"
    }
}

struct Networking: Sendable, Encodable {
    struct Endpoint: Sendable, Encodable {
        var aliases: [String]

        enum CodingKeys: String, CodingKey {
            case aliases = "Aliases"
        }
    }

    /// By the network's name.
    var endpoints: [String: Endpoint]

    enum CodingKeys: String, CodingKey {
        case endpoints = "EndpointsConfig"
    }
}
