/// A container or a network that has just been made.
struct CreatedObject: Sendable, Decodable {
    var id: String

    enum CodingKeys: String, CodingKey {
        case id = "Id"
    }
}

/// An entry of `GET /containers/json`.
package struct ContainerSummary: Sendable, Decodable {
    package var id: String
    package var image: String
    /// `created`, `running`, `exited` and the like.
    package var state: String
    package var labels: [String: String]?
    var networking: ContainerNetworks?

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case image = "Image"
        case state = "State"
        case labels = "Labels"
        case networking = "NetworkSettings"
    }
}

/// Where a container is on its networks.
struct ContainerNetworks: Sendable, Decodable {
    struct Place: Sendable, Decodable {
        /// Empty for a container that does not run.
        var address: String?

        enum CodingKeys: String, CodingKey {
            case address = "IPAddress"
        }
    }

    /// By the network's name.
    var places: [String: Place]?

    enum CodingKeys: String, CodingKey {
        case places = "Networks"
    }
}

/// An entry of `GET /networks`.
package struct NetworkSummary: Sendable, Decodable {
    package var id: String
    package var name: String
    package var labels: [String: String]?

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case name = "Name"
        case labels = "Labels"
    }
}

/// What `GET /containers/{id}/json` says of how it goes.
struct ContainerState: Sendable, Decodable {
    var status: String
    var exitCode: Int
    /// Whether the kernel has killed a process of it for want of memory.
    var wasOutOfMemory: Bool
    /// Why it could not be started; empty as a rule.
    var error: String?

    enum CodingKeys: String, CodingKey {
        case status = "Status"
        case exitCode = "ExitCode"
        case wasOutOfMemory = "OOMKilled"
        case error = "Error"
    }
}

struct ContainerDetails: Sendable, Decodable {
    var state: ContainerState

    enum CodingKeys: String, CodingKey {
        case state = "State"
    }
}

/// What `GET /info` says of an engine's abilities.
struct EngineInfo: Sendable, Decodable {
    var memoryLimit: Bool?
    var processLimit: Bool?
    var processorQuota: Bool?
    var initProgram: String?

    enum CodingKeys: String, CodingKey {
        case memoryLimit = "MemoryLimit"
        case processLimit = "PidsLimit"
        case processorQuota = "CpuCfsQuota"
        case initProgram = "InitBinary"
    }
}
