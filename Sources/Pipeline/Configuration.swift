package import Core

/// A `.drone.yml`, read and checked: which cells its matrix has, which branches it builds, and what each job does.
package struct Configuration: Sendable {
    /// 1 to 100 cells, in the order written; one empty cell without `matrix:`.
    package let matrix: [MatrixCell]
    /// Which jobs of the repository do not all run at once. nil: they may.
    package let concurrency: ConcurrencyGroup?
    private let branches: Filter
    private let agentLabels: AgentLabels
    private let clone: CloneOptions
    private let steps: [StepDefinition]
    private let services: [ServiceDefinition]

    /// Reads and checks all of the file, at most 1 MiB of UTF-8. What Skep does not know or cannot do yet is an error,
    /// never left out in silence.
    package init(yaml: [UInt8]) throws(ConfigurationError) {
        let root = try YAMLReader.read(yaml)
        let section = try Section(root, .file)
        try Self.checkKind(section)
        steps = try StepDefinition.steps(of: section)
        services = try ServiceDefinition.services(of: section)
        matrix = try MatrixParser.cells(of: section["matrix"])
        branches =
            try section["branches"].map { entry throws(ConfigurationError) in
                try Filter(entry.value, "branches")
            } ?? .everything
        agentLabels = try AgentLabels(section)
        concurrency = try ConcurrencyParser.group(section["concurrency"])
        clone = try CloneSection.options(of: section)
    }

    /// Whether `branches:` lets an event on this branch make a build. Tags and deployments are never held back.
    package func builds(branch: String, event: Event) -> Bool {
        switch event {
        case .push, .pullRequest: branches.matches(branch)
        case .tag, .deployment, .unknown: true
        }
    }

    /// What an agent does for this cell: the steps whose `when` holds, everything substituted. There may be none.
    /// Throws when the text grows beyond bounds by substitution.
    package func plan(for cell: Variables, in context: PlanContext) throws(ConfigurationError) -> JobPlan {
        try planned(for: cell, in: context).plan
    }

    /// The plan, and what there is to say of secrets that steps asked for and did not get.
    package func planned(for cell: Variables, in context: PlanContext) throws(ConfigurationError) -> (
        plan: JobPlan, notes: [String]
    ) {
        var builder = PlanBuilder(cell: cell, context: context, links: StepLinks(steps))
        for service in services { try builder.append(service) }
        for step in steps { try builder.append(step) }
        let plan = JobPlan(
            clone: clone, steps: builder.steps, services: builder.services, trusted: context.isTrusted)
        return (plan, builder.notes)
    }

    /// Whether a step's condition asks which files changed.
    package var looksAtPaths: Bool { steps.contains { $0.conditions.looksAtPaths } }

    /// Whether a step asks for a secret by name.
    package var namesSecrets: Bool {
        secrets.contains { if case .named = $0.source { true } else { false } }
    }

    /// The inline `secure:` values, each once.
    package var sealedValues: Set<String> {
        Set(secrets.compactMap { if case .sealed(let text) = $0.source { text } else { nil } })
    }

    private var secrets: [SecretVariable] { steps.flatMap(\.secrets) + services.flatMap(\.container.secrets) }

    /// What the job's agent must have: `labels:`, and `os` and `arch` of `platform:`, matrix values substituted.
    package func labels(for cell: Variables) -> [String: String] {
        agentLabels.values(for: cell)
    }

    private static func checkKind(_ section: Section) throws(ConfigurationError) {
        try section.check("kind", isOneOf: ["pipeline"])
        try section.check("type", isOneOf: ["docker", "exec"])
        for key in ["version", "debug", "name"] {
            _ = try section[key]?.value.text(quoted(key))
        }
    }
}

/// One job's part of the matrix.
package struct MatrixCell: Sendable, Hashable {
    /// The axes in the order written.
    package let environment: Variables

    package init(environment: Variables) {
        self.environment = environment
    }
}
