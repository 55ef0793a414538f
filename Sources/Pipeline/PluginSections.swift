import Core

/// The sections of Drone 0.4 whose plugins run after `build:`, in this order: `publish`, `deploy`, `notify`.
enum PluginSections {
    private static let keys = ["publish", "deploy", "notify"]

    static func steps(
        of file: Section, besides steps: YAMLValue.Entry
    ) throws(ConfigurationError) -> [StepDefinition] {
        var plugins: [StepDefinition] = []
        for key in keys {
            guard let section = file[key] else { continue }
            guard steps.key == "build" else {
                throw ConfigurationError(
                    at: section.place, "\"\(key)\" goes with `build:`; write its plugins as steps under `\(steps.key):`"
                )
            }
            for entry in try section.value.entries("\"\(key)\"") {
                plugins.append(try StepDefinition(plugin: entry, in: key))
            }
        }
        return plugins
    }
}

extension StepDefinition {
    /// A plugin named by its key. `publish` and `deploy` do not run for pull requests; `notify` runs whatever came before, and what
    /// becomes of it changes nothing.
    fileprivate init(plugin entry: YAMLValue.Entry, in key: String) throws(ConfigurationError) {
        let isNotification = key == "notify"
        var value = entry.value
        if case .null = value.content { value.content = .mapping([]) }
        let section = try Section(value, .plugin, keepingOthers: true)
        name = "\(key).\(entry.key)"
        place = entry.place
        image =
            try section["image"].map { entry throws(ConfigurationError) in try WrittenText(entry.value, "image") }
            ?? WrittenText(Self.image(ofPlugin: entry.key), at: entry.place)
        commands = []
        settings = try Setting.list(nil, section.others)
        environment = try WrittenPair.list(
            section["environment"], atMost: Self.maximumVariables, skippingMappings: true)
        secrets =
            try SecretVariable.list(environment: section["environment"]) + Setting.secrets(nil, section.others)
        conditions = try Conditions(
            section["when"]?.value, isNotification ? .notifyCondition : .pluginCondition,
            leavingOut: isNotification ? [] : [.pullRequest])
        dependsOn = nil
        group = nil
        options = try ContainerOptions(section, isService: false)
        ignoresFailure = isNotification
    }

    /// As Drone 0.4 named the images of its plugins.
    private static func image(ofPlugin name: String) -> String {
        "plugins/drone-\(name.replacing("_", with: "-")):latest"
    }
}
