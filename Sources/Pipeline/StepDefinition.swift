/// A step as written, before it is known for which build.
struct StepDefinition: Sendable {
    let name: String
    let place: Place
    let image: WrittenText?
    /// None: the step is a plugin, and runs what its image says.
    let commands: [WrittenText]
    let settings: [Setting]
    let environment: [WrittenPair]
    let secrets: [SecretVariable]
    let conditions: Conditions
    /// nil: not written.
    let dependsOn: [WrittenText]?
    /// Steps of one group that follow each other run at the same time. nil: it is in none.
    let group: WrittenText?
    let ignoresFailure: Bool
    let options: ContainerOptions

    static let maximumSteps = 100
    static let maximumVariables = 200

    /// The steps of `build:`, `pipeline:` or `steps:`, whichever the file has, each after those it depends on.
    static func steps(of file: Section) throws(ConfigurationError) -> [StepDefinition] {
        let sections = ["build", "pipeline", "steps"].compactMap { file[$0] }
            .sorted { ($0.place.line, $0.place.column) < ($1.place.line, $1.place.column) }
        guard let section = sections.first else {
            throw ConfigurationError(at: file.place, "the file has no steps; add `steps:`, `pipeline:` or `build:`")
        }
        if sections.count > 1 {
            let keys = sections.map { "\"\($0.key)\"" }.joined(separator: " and ")
            throw ConfigurationError(at: sections[1].place, "the file has \(keys); put all steps in one of them")
        }
        let plugins = try PluginSections.steps(of: file, besides: section)
        return try checked(try all(in: section) + plugins, at: section.place)
    }

    private static func all(in section: YAMLValue.Entry) throws(ConfigurationError) -> [StepDefinition] {
        let takesSettings = section.key == "pipeline"
        if section.key == "build" {
            return [try StepDefinition(section.value, name: "build", place: section.place, takesSettings: false)]
        }
        if case .list(let values) = section.value.content {
            return try values.map { value throws(ConfigurationError) in
                try StepDefinition(value, name: nil, place: value.place, takesSettings: takesSettings)
            }
        }
        return try section.value.entries("\"\(section.key)\"").map { entry throws(ConfigurationError) in
            try StepDefinition(entry.value, name: entry.key, place: entry.place, takesSettings: takesSettings)
        }
    }

    private static func checked(
        _ steps: [StepDefinition], at place: Place
    ) throws(ConfigurationError) -> [StepDefinition] {
        guard (1...maximumSteps).contains(steps.count) else {
            let advice =
                steps.isEmpty ? "there are no steps; add one" : "there are more than \(maximumSteps) steps; join some"
            throw ConfigurationError(at: place, advice)
        }
        var names: Set<String> = []
        for step in steps where !names.insert(step.name).inserted {
            throw ConfigurationError(at: step.place, "another step is named \(quoted(step.name)) too; rename one")
        }
        return try StepOrder.sorted(steps)
    }

    /// - Parameters:
    ///   - name: the step's key, or nil if it has to name itself.
    ///   - takesSettings: without commands, every key that is not known is a setting, as in Drone 0.5.
    private init(
        _ value: YAMLValue, name: String?, place: Place, takesSettings: Bool
    ) throws(ConfigurationError) {
        let section = try Section(value, .step, keepingOthers: takesSettings && !value.hasKey("commands"))
        try self.init(
            section, name: try Self.name(of: section, key: name, at: place), place: place,
            commands: try Self.commands(of: section), isService: false)
    }

    /// A service's part that a step has too. Its commands, if it has some, are for its own container.
    init(service section: Section, name: String, place: Place) throws(ConfigurationError) {
        let commands = section["commands"] == nil ? [] : try Self.commands(of: section)
        try self.init(section, name: name, place: place, commands: commands, isService: true)
    }

    private init(
        _ section: Section, name: String, place: Place, commands: [WrittenText], isService: Bool
    ) throws(ConfigurationError) {
        self.name = name
        self.place = place
        self.commands = commands
        image = try section["image"].map { entry throws(ConfigurationError) in try WrittenText(entry.value, "image") }
        settings = try Setting.list(section["settings"], section.others)
        environment = try WrittenPair.list(
            section["environment"], atMost: Self.maximumVariables, skippingMappings: true)
        secrets =
            try SecretVariable.list(section["secrets"]) + SecretVariable.list(environment: section["environment"])
            + Setting.secrets(section["settings"], section.others)
        conditions = try Conditions(section["when"]?.value)
        dependsOn = try StepOrder.dependencies(of: section)
        group = try StepOrder.group(of: section)
        try section.check("failure", isOneOf: ["ignore", "fail"])
        ignoresFailure = try section["failure"]?.value.text("failure") == "ignore"
        options = try ContainerOptions(section, isService: isService)
    }

    private static func name(of section: Section, key: String?, at place: Place) throws(ConfigurationError) -> String {
        if key != nil, let second = section["name"] {
            throw ConfigurationError(at: second.place, "the key above is the step's name; remove \"name\"")
        }
        let name = try section["name"]?.value.text("name") ?? key ?? ""
        guard (1...100).contains(name.count), !name.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            throw ConfigurationError(at: place, "a step needs a name of 1 to 100 characters on one line; write `name:`")
        }
        return name
    }

    private static func commands(of section: Section) throws(ConfigurationError) -> [WrittenText] {
        guard let entry = section["commands"] else {
            guard section["image"] != nil else {
                throw ConfigurationError(
                    at: section.place,
                    "the step has no commands; add `commands:`, or the `image:` of a plugin, a step without")
            }
            return []
        }
        if let settings = section["settings"] {
            throw ConfigurationError(
                at: settings.place, "plugins have `settings:`, other steps `commands:`; keep one of them")
        }
        let items = try entry.value.items("\"commands\"")
        guard !items.isEmpty else {
            throw ConfigurationError(at: entry.place, "\"commands\" is an empty list; add a command")
        }
        return try items.map(command)
    }

    private static func command(_ item: YAMLValue) throws(ConfigurationError) -> WrittenText {
        switch item.content {
        case .mapping:
            throw ConfigurationError(
                at: item.place,
                "this command is read as a mapping because of its \": \"; put all of it in quotes, or under `- |`")
        case .null: throw ConfigurationError(at: item.place, "this command is empty; write one, or remove it")
        case .text, .list: return try WrittenText(item, "a command")
        }
    }
}
