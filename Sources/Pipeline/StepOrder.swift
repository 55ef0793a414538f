/// In which order the steps of a file can run.
///
/// With `depends_on` in any step the steps are a graph: a step starts as soon as those it names are over. Otherwise each waits for
/// the one before it, or for the group before it.
enum StepOrder {
    /// What `depends_on` may name besides steps: every step comes after the clone anyway.
    private static let clone = "clone"

    static func dependencies(of section: Section) throws(ConfigurationError) -> [WrittenText]? {
        guard let entry = section["depends_on"] else { return nil }
        return try entry.value.items("\"depends_on\"").map { item throws(ConfigurationError) in
            try WrittenText(item, "a name in \"depends_on\"")
        }
    }

    static func group(of section: Section) throws(ConfigurationError) -> WrittenText? {
        guard let entry = section["group"] else { return nil }
        let group = try WrittenText(entry.value, "group")
        guard !group.text.isEmpty else {
            throw ConfigurationError(at: entry.value.place, "the group has no name; write one, or remove \"group\"")
        }
        return group
    }

    static func isGraph(_ steps: [StepDefinition]) -> Bool {
        steps.contains { $0.dependsOn != nil }
    }

    /// The steps as written, but each after those it depends on. What is named and not there, and circles, are errors.
    static func sorted(_ steps: [StepDefinition]) throws(ConfigurationError) -> [StepDefinition] {
        guard isGraph(steps) else { return steps }
        for step in steps { try check(step, among: steps) }
        var sorted: [StepDefinition] = []
        var placed: Set<String> = steps.contains { $0.name == clone } ? [] : [clone]
        while sorted.count < steps.count {
            let next = steps.first { step in !placed.contains(step.name) && step.names.allSatisfy(placed.contains) }
            guard let next else { throw circle(among: steps.filter { !placed.contains($0.name) }) }
            sorted.append(next)
            placed.insert(next.name)
        }
        return sorted
    }

    private static func check(_ step: StepDefinition, among steps: [StepDefinition]) throws(ConfigurationError) {
        if let group = step.group {
            throw ConfigurationError(
                at: group.place, "the file has \"group\" and \"depends_on\"; say it with one of them")
        }
        for name in step.dependsOn ?? [] {
            if name.text == step.name {
                throw ConfigurationError(at: name.place, "the step \(quoted(name.text)) depends on itself; remove it")
            }
            guard name.text == clone || steps.contains(where: { $0.name == name.text }) else {
                throw ConfigurationError(at: name.place, "no step is named \(quoted(name.text)); correct or remove it")
            }
        }
        if step.conditions.isForFailuresOnly,
            !step.names.contains(where: { name in steps.contains { $0.name == name } })
        {
            throw ConfigurationError(
                at: step.place, "a step for failures depends on the steps whose failure it is for; add `depends_on:`")
        }
    }

    /// All that are left depend on another that is left, so that following them leads into a circle.
    private static func circle(among steps: [StepDefinition]) -> ConfigurationError {
        var path: [StepDefinition] = []
        var step = steps[0]
        while !path.contains(where: { $0.name == step.name }) {
            path.append(step)
            step = steps.first { next in step.names.contains(next.name) } ?? step
        }
        let names = path.drop { $0.name != step.name }.map { quoted($0.name) } + [quoted(step.name)]
        let last = path.last?.dependsOn?.first { $0.text == step.name }
        return ConfigurationError(
            at: last?.place ?? step.place,
            "steps depend on each other in a circle (\(names.joined(separator: " on "))); remove one of them")
    }
}

extension StepDefinition {
    /// The steps it depends on.
    fileprivate var names: [String] { (dependsOn ?? []).map(\.text) }
}
