import Core

/// Makes the steps of one job's plan.
struct PlanBuilder {
    private(set) var steps: [StepPlan] = []
    private(set) var services: [ServicePlan] = []
    /// Of secrets that were asked for and not given, each once.
    private(set) var notes: [String] = []
    private let cell: Variables
    private let context: PlanContext
    /// What every step's environment begins with.
    private let shared: Variables
    private let substitution: Substitution
    /// For steps that may have what `.drone.sec` holds.
    private let substitutionWithSecrets: Substitution
    private var links: StepLinks
    /// Bytes the rest of the plan may have.
    private var budget = maximumBytes

    static let maximumBytes = 8 << 20
    /// Of one entry of an environment, `NAME=value`: what Linux lets a program be started with (MAX_ARG_STRLEN).
    static let maximumEntry = 128 << 10

    init(cell: Variables, context: PlanContext, links: StepLinks) {
        self.cell = cell
        self.context = context
        self.links = links
        var environment = Variables()
        for variable in BuildVariable.all { environment[variable.name] = variable.text(in: context) }
        shared = environment.merging(cell)
        substitution = Substitution(context: context, cell: cell)
        substitutionWithSecrets = Substitution(context: context, cell: cell, secrets: context.secrets.file)
    }

    /// Adds the step, unless its `when` leaves it out of this job.
    mutating func append(_ step: StepDefinition) throws(ConfigurationError) {
        guard let outcomes = step.conditions.outcomes(for: cell, in: context) else { return links.leaveOut(step) }
        let image = try step.image.map { image throws(ConfigurationError) in try substituted(image, of: step) } ?? ""
        var commands: [String] = []
        for command in step.commands { commands.append(try substituted(command, of: step, inCommand: true)) }
        let environment = try environment(of: step, over: shared, image: image)
        steps.append(
            StepPlan(
                number: steps.count + 1, name: step.name, image: image, commands: commands, environment: environment,
                runsOn: outcomes, dependsOn: links.add(step, number: steps.count + 1),
                ignoresFailure: step.ignoresFailure, pull: step.options.pull, privileged: try privileges(of: step)))
    }

    /// Adds the service. Its environment is its own alone: nothing of the build's.
    mutating func append(_ service: ServiceDefinition) throws(ConfigurationError) {
        let container = service.container
        let image = try container.image.map { image throws(ConfigurationError) in
            try substituted(image, of: container)
        }
        var texts: [[String]?] = []
        for list in [service.entrypoint, service.command] {
            texts.append(try list.map { list throws(ConfigurationError) in try substituted(list, of: container) })
        }
        let environment = try environment(of: container, over: Variables(), image: image ?? "")
        services.append(
            ServicePlan(
                name: container.name, image: image ?? "", entrypoint: texts[0], command: texts[1],
                environment: environment, pull: container.options.pull, privileged: try privileges(of: container)))
    }

    private mutating func substituted(
        _ list: [WrittenText], of step: StepDefinition
    ) throws(ConfigurationError) -> [String] {
        try list.map { text throws(ConfigurationError) in try substituted(text, of: step, inCommand: true) }
    }

    private func privileges(of step: StepDefinition) throws(ConfigurationError) -> Bool {
        guard let place = step.options.privileged else { return false }
        guard context.isTrusted else {
            throw ConfigurationError(
                at: place,
                "\"privileged\" is for trusted repositories, and not for pull requests from forks; remove it, or have an administrator of the server trust the repository"
            )
        }
        return true
    }

    private mutating func environment(
        of step: StepDefinition, over shared: Variables, image: String
    ) throws(ConfigurationError) -> Variables {
        var environment = try environment(of: step, over: shared)
        for variable in step.secrets {
            guard let value = value(of: variable, step, image: image) else { continue }
            try spend(variable.name.utf8.count + value.utf8.count, at: variable.place)
            environment[variable.name] = value
        }
        return environment
    }

    private mutating func environment(
        of step: StepDefinition, over shared: Variables
    ) throws(ConfigurationError) -> Variables {
        var environment = shared
        try spend(shared.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }, at: step.place)
        for pair in step.environment {
            let value = try substituted(pair.value, of: step)
            environment[pair.name] = try checked(value, of: pair.name, at: pair.value.place)
        }
        for setting in step.settings {
            let value = try setting.text { text throws(ConfigurationError) in try substituted(text, of: step) }
            environment[setting.name] = try checked(value, of: setting.name, at: setting.place)
        }
        return environment
    }

    private func checked(_ value: String, of name: String, at place: Place) throws(ConfigurationError) -> String {
        guard name.utf8.count + value.utf8.count + 2 <= Self.maximumEntry else {
            throw ConfigurationError(
                at: place, "\(quoted(name)) is longer than 128 KiB; put it in a file of the repository")
        }
        return value
    }

    /// nil: the step does not get it, and a note says why.
    private mutating func value(of variable: SecretVariable, _ step: StepDefinition, image: String) -> String? {
        switch variable.source {
        case .named(let name): named(name, step, image: image)
        case .sealed(let text): inline(text, for: variable.name)
        }
    }

    private mutating func named(_ name: String, _ step: StepDefinition, image: String) -> String? {
        let secrets = context.secrets
        if let value = secrets.file.first(where: { $0.name.lowercased() == name.lowercased() })?.value {
            if mayHaveFile(step) { return value }
            note(
                "the secret \(name) of .drone.sec is withheld: in a pull request of a public repository no commands get it"
            )
            return nil
        }
        guard let secret = secrets.named.first(where: { $0.name.lowercased() == name.lowercased() }) else {
            let refusal = secrets.withheld[name.lowercased()] ?? secrets.refusal
            let reason = refusal.map { "is withheld: \($0)" } ?? "is not known"
            note("the secret \(name) \(reason)")
            return nil
        }
        guard secret.isFor(image: image) else {
            note("the secret \(name) is withheld: it is not for the image \(image.isEmpty ? "of this step" : image)")
            return nil
        }
        return secret.value
    }

    private mutating func inline(_ text: String, for variable: String) -> String? {
        switch context.secrets.inline[text] {
        case .opened(let values):
            if let value = values.first(where: { $0.name == variable })?.value { return value }
            if values.count == 1, let only = values.first(where: { _ in true }) { return only.value }
            note("the secure value of \(variable) has no entry \(variable)")
        case .withheld(let reason): note("the secure value of \(variable) is withheld: \(reason)")
        case nil: note("the secure value of \(variable) was not opened")
        }
        return nil
    }

    private mutating func note(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
    }

    private func mayHaveFile(_ step: StepDefinition) -> Bool {
        context.secrets.fileReachesCommands || (step.commands.isEmpty && !step.options.isService)
    }

    private mutating func substituted(
        _ written: WrittenText, of step: StepDefinition, inCommand: Bool = false
    ) throws(ConfigurationError) -> String {
        let substitution = mayHaveFile(step) ? substitutionWithSecrets : substitution
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
    /// A value of `.drone.sec` wins over all others.
    init(context: PlanContext, cell: Variables, secrets: Variables = Variables()) {
        var values: [String: String] = [:]
        for variable in BuildVariable.all { values[variable.name] = variable.text(in: context) ?? "" }
        for variable in BuildVariable.short { values[variable.name] = variable.text(in: context) }
        self.init(values: values, freeText: Self.freeNames, cell: cell.merging(secrets))
    }

    private static let freeNames = Set(BuildVariable.all.filter(\.isFreeText).map(\.name))
}
