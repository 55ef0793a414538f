import Core

/// Reads `clone:` and `skip_clone:`. The agent clones by itself: images of the usual plugins stand for that.
enum CloneSection {
    private static let images: Set<String> = [
        "plugins/git", "plugins/drone-git", "drone/git", "woodpeckerci/plugin-git",
    ]

    static func options(of file: Section) throws(ConfigurationError) -> CloneOptions {
        var options = CloneOptions()
        if let entry = file["clone"] { options = try read(entry.value) }
        if let skip = try file.flag("skip_clone") { options.isSkipped = skip }
        return options
    }

    /// Options themselves (0.4 and 1.0), or one step with them, named by a key (0.5 to 0.8) or by itself (Woodpecker).
    private static func read(_ value: YAMLValue) throws(ConfigurationError) -> CloneOptions {
        switch value.content {
        case .list(let items):
            guard items.count == 1 else { throw oneStep(at: value.place) }
            return try step(items[0])
        case .mapping(let entries):
            guard entries.contains(where: \.value.isMapping) else { return try options(Section(value, .clone)) }
            guard entries.count == 1 else { throw oneStep(at: value.place) }
            return try step(entries[0].value)
        case .null, .text:
            throw ConfigurationError(at: value.place, "clone must be a mapping, such as {depth: 1}; or remove it")
        }
    }

    private static func oneStep(at place: Place) -> ConfigurationError {
        ConfigurationError(at: place, "the clone is one step; move the others to the steps")
    }

    private static func step(_ value: YAMLValue) throws(ConfigurationError) -> CloneOptions {
        let section = try Section(value, .cloneStep)
        if let image = section["image"] { try check(image) }
        guard let settings = section["settings"] else { return try options(section) }
        return try options(Section(settings.value, .clone))
    }

    private static func check(_ entry: YAMLValue.Entry) throws(ConfigurationError) {
        let image = try entry.value.text("image")
        var name = String(image.prefix { $0 != "@" && $0 != ":" })
        for registry in ["docker.io/", "quay.io/"] where name.hasPrefix(registry) { name.removeFirst(registry.count) }
        guard images.contains(name) else {
            throw ConfigurationError(
                at: entry.value.place,
                "the agent clones by itself, as \(images.sorted().joined(separator: ", ")) would: \(quoted(image)) cannot; "
                    + "write `skip_clone: true` and run it as the first step")
        }
    }

    private static func options(_ section: Section) throws(ConfigurationError) -> CloneOptions {
        var options = CloneOptions()
        options.isSkipped = try section.flag("disable") ?? false
        options.isRecursive = try section.flag("recursive") ?? false
        options.hasTags = try section.flag("tags") ?? false
        if let entry = section["depth"] {
            guard let depth = Int(try entry.value.text("depth")), CloneOptions.depths.contains(depth) else {
                throw ConfigurationError(
                    at: entry.value.place, "depth must be a number from 0, which is all of history, to 1000000")
            }
            options.depth = depth
        }
        return options
    }
}

extension Section {
    /// nil: not written.
    fileprivate func flag(_ key: String) throws(ConfigurationError) -> Bool? {
        try check(key, isOneOf: ["true", "false"])
        return try self[key].map { entry throws(ConfigurationError) in try entry.value.text(key) == "true" }
    }
}
