import Core

/// What a step and a service alike say of their container.
struct ContainerOptions: Sendable {
    let pull: PullPolicy?
    /// Where `privileged: true` stands.
    let privileged: Place?
    /// Whether it is a service's.
    let isService: Bool

    init(_ section: Section, isService: Bool) throws(ConfigurationError) {
        pull = try section["pull"].map { entry throws(ConfigurationError) in try Self.pull(entry.value) }
        privileged = try section["privileged"].flatMap { entry throws(ConfigurationError) in
            try Self.isTrue(entry.value) ? entry.place : nil
        }
        self.isService = isService
    }

    /// `true` and `false` are 0.4's words.
    private static func pull(_ value: YAMLValue) throws(ConfigurationError) -> PullPolicy {
        switch try value.text("pull") {
        case "true": return .always
        case "false": return .ifNotExists
        case let word:
            guard let policy = PullPolicy(rawValue: word) else {
                throw ConfigurationError(
                    at: value.place, "pull \(quoted(word)) is not known; write always, if-not-exists or never")
            }
            return policy
        }
    }

    private static func isTrue(_ value: YAMLValue) throws(ConfigurationError) -> Bool {
        switch try value.text("privileged") {
        case "true": return true
        case "false": return false
        default: throw ConfigurationError(at: value.place, "privileged is true or false; write one of them")
        }
    }
}
