import Core

/// Makes the steps of one job's plan.
struct PlanBuilder {
    private(set) var steps: [StepPlan] = []
    private let cell: Variables
    private let context: PlanContext
    /// What every step's environment begins with.
    private let shared: Variables
    private let substitution: Substitution
    /// Bytes the rest of the plan may have.
    private var budget = maximumBytes

    static let maximumBytes = 8 << 20
    /// Of one entry of an environment, `NAME=value`: what Linux lets a program be started with (MAX_ARG_STRLEN).
    static let maximumEntry = 128 << 10

    init(cell: Variables, context: PlanContext) {
        self.cell = cell
        self.context = context
        var environment = Variables()
        for variable in BuildVariable.all { environment[variable.name] = variable.text(in: context) }
        shared = environment.merging(cell)
        substitution = Substitution(context: context, cell: cell)
    }

    /// Adds the step, unless its `when` leaves it out of this job.
    mutating func append(_ step: StepDefinition) throws(ConfigurationError) {
        guard step.condition.holds(for: cell, in: context) else { return }
        let image = try step.image.map { image throws(ConfigurationError) in try substituted(image) } ?? ""
        var commands: [String] = []
        for command in step.commands { commands.append(try substituted(command, inCommand: true)) }
        let environment = try environment(of: step)
        steps.append(
            StepPlan(
                number: steps.count + 1, name: step.name, image: image, commands: commands, environment: environment,
                runsOn: step.condition.outcomes))
    }

    private mutating func environment(of step: StepDefinition) throws(ConfigurationError) -> Variables {
        var environment = shared
        try spend(shared.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }, at: step.place)
        for pair in step.environment {
            let value = try substituted(pair.value)
            guard pair.name.utf8.count + value.utf8.count + 2 <= Self.maximumEntry else {
                throw ConfigurationError(
                    at: pair.value.place,
                    "\(quoted(pair.name)) is longer than 128 KiB; put it in a file of the repository")
            }
            environment[pair.name] = value
        }
        return environment
    }

    private mutating func substituted(
        _ written: WrittenText, inCommand: Bool = false
    ) throws(ConfigurationError) -> String {
        do throws(Substitution.Overflow) {
            return try substitution.apply(to: written.text, inCommand: inCommand, budget: &budget)
        } catch {
            throw tooLong(at: written.place)
        }
    }

    private mutating func spend(_ bytes: Int, at place: Place) throws(ConfigurationError) {
        budget -= bytes
        if budget < 0 { throw tooLong(at: place) }
    }

    private func tooLong(at place: Place) -> ConfigurationError {
        ConfigurationError(
            at: place, "with all values put in, the steps of a job are longer than 8 MiB; use fewer or shorter ones")
    }
}

extension Substitution {
    /// What a build's texts may name. A `CI_` or `DRONE_` variable that does not apply is empty; a short name that does
    /// not is unknown, as in 0.4.
    init(context: PlanContext, cell: Variables) {
        var values: [String: String] = [:]
        for variable in BuildVariable.all { values[variable.name] = variable.text(in: context) ?? "" }
        for variable in BuildVariable.short { values[variable.name] = variable.text(in: context) }
        let freeText = BuildVariable.all.filter(\.isFreeText).map(\.name)
        self.init(values: values, freeText: Set(freeText), cell: cell)
    }
}
