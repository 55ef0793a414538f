/// A service as written, before it is known for which build.
struct ServiceDefinition: Sendable {
    /// What it has in common with a step.
    let container: StepDefinition
    /// nil: the image's.
    let entrypoint: [WrittenText]?
    let command: [WrittenText]?

    static let maximumServices = 20

    /// The services of `services:` or `compose:`; none without these.
    static func services(of file: Section) throws(ConfigurationError) -> [ServiceDefinition] {
        if let compose = file["compose"], file["services"] != nil {
            throw ConfigurationError(
                at: compose.place, "the file has \"services\" and \"compose\"; put all services in one of them")
        }
        guard let section = file["services"] ?? file["compose"] else { return [] }
        let services = try all(in: section)
        guard services.count <= maximumServices else {
            throw ConfigurationError(
                at: section.place, "there are more than \(maximumServices) services; use fewer")
        }
        var names: Set<String> = []
        for service in services.map(\.container) where !names.insert(service.name.lowercased()).inserted {
            throw ConfigurationError(
                at: service.place, "another service is named \(quoted(service.name)) too; rename one")
        }
        return services
    }

    private static func all(in section: YAMLValue.Entry) throws(ConfigurationError) -> [ServiceDefinition] {
        if case .list(let values) = section.value.content {
            return try values.map { value throws(ConfigurationError) in
                try ServiceDefinition(value, name: nil, place: value.place)
            }
        }
        return try section.value.entries("\"\(section.key)\"").map { entry throws(ConfigurationError) in
            try ServiceDefinition(entry.value, name: entry.key, place: entry.place)
        }
    }

    /// `name` is the service's key, or nil if it has to name itself.
    private init(_ value: YAMLValue, name key: String?, place: Place) throws(ConfigurationError) {
        let section = try Section(value, .service)
        let name = try Self.name(of: section, key: key, at: place)
        container = try StepDefinition(service: section, name: name, place: place)
        guard container.image?.text.isEmpty == false else {
            throw ConfigurationError(at: place, "the service \(quoted(name)) has no image; write `image:`")
        }
        let texts = try ["entrypoint", "command"].map { key throws(ConfigurationError) in
            try section[key].map { entry throws(ConfigurationError) in try Self.words(entry) }
        }
        guard !container.commands.isEmpty else {
            (entrypoint, command) = (texts[0], texts[1])
            return
        }
        if let second = section["entrypoint"] ?? section["command"] {
            throw ConfigurationError(
                at: second.place, "the service has `commands:` too, which /bin/sh runs; remove one of them")
        }
        entrypoint = ["/bin/sh", "-ec"].map { WrittenText($0, at: place) }
        let script = container.commands.map(\.text).joined(separator: "\n")
        command = [WrittenText(script, at: container.commands[0].place)]
    }

    /// Names of services are names of hosts.
    private static func name(of section: Section, key: String?, at place: Place) throws(ConfigurationError) -> String {
        if key != nil, let second = section["name"] {
            throw ConfigurationError(at: second.place, "the key above is the service's name; remove \"name\"")
        }
        let name = try section["name"]?.value.text("name") ?? key ?? ""
        guard (1...63).contains(name.utf8.count), let first = name.utf8.first, isLetterOrDigit(first),
            name.utf8.allSatisfy({ isLetterOrDigit($0) || "-_.".utf8.contains($0) })
        else {
            throw ConfigurationError(
                at: place,
                "a service needs a name by which steps find it: 1 to 63 letters, digits, \"-\", \"_\" and \".\"; write `name:`"
            )
        }
        return name
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// A list of arguments, or a text that is split at spaces.
    private static func words(_ entry: YAMLValue.Entry) throws(ConfigurationError) -> [WrittenText] {
        let items = try entry.value.items(quoted(entry.key))
        guard case .text(let text) = entry.value.content else {
            return try items.map { item throws(ConfigurationError) in try WrittenText(item, "an argument") }
        }
        guard !text.contains(where: { "\"'\\".contains($0) }) else {
            throw ConfigurationError(
                at: entry.value.place, "\(quoted(entry.key)) has quotes; write it as a list, an argument an item")
        }
        return text.split(whereSeparator: \.isWhitespace).map { WrittenText(String($0), at: entry.value.place) }
    }
}
