import Core

/// `when: path`: which changed files a step is for.
struct PathCondition: Sendable {
    private var filter: Filter
    private var ignoreMessage = ""
    private var holdsForNone = true

    /// Reads a pattern, a list of them, or `{include, exclude, ignore_message, on_empty}`.
    init(_ value: YAMLValue) throws(ConfigurationError) {
        guard case .mapping = value.content else {
            filter = try Filter(value, "path")
            return
        }
        let section = try Section(value, .path)
        filter = try Filter(section, "path")
        ignoreMessage = try section["ignore_message"]?.value.text("ignore_message").lowercased() ?? ""
        try section.check("on_empty", isOneOf: ["true", "false"])
        holdsForNone = try section["on_empty"]?.value.text("on_empty") != "false"
    }

    /// Whether one of the changed files passes. What changed is known of pushes and pull requests, and not of all: where it is
    /// not, the condition holds.
    func holds(in context: PlanContext) -> Bool {
        guard [.push, .pullRequest].contains(context.build.event), let paths = context.changedPaths else { return true }
        if !ignoreMessage.isEmpty, context.build.change.message.lowercased().contains(ignoreMessage) { return true }
        return paths.isEmpty ? holdsForNone : paths.contains(where: filter.matches)
    }
}
