/// What an agent does for one job: the steps in order, everything substituted.
package struct JobPlan: Sendable, Hashable, Codable {
    package var steps: [StepPlan]

    package init(steps: [StepPlan]) {
        self.steps = steps
    }
}

/// One step of a job: commands run one after the other, in one shell, until one fails.
package struct StepPlan: Sendable, Hashable, Codable {
    /// 1 for the first step after the clone; the clone itself is step 0.
    package var number: Int
    package var name: String
    /// The container image asked for; empty for none.
    package var image: String
    package var commands: [String]
    /// The whole environment of the step, Skep's own variables included.
    package var environment: Variables
    /// Run although an earlier step failed, run only then, or neither.
    package var runsOn: Set<Outcome>

    package enum Outcome: String, Sendable, Hashable, Codable {
        case success
        case failure
    }

    package init(
        number: Int, name: String, image: String, commands: [String], environment: Variables,
        runsOn: Set<Outcome> = [.success]
    ) {
        self.number = number
        self.name = name
        self.image = image
        self.commands = commands
        self.environment = environment
        self.runsOn = runsOn
    }
}

/// One step of one attempt, as it went.
package struct Step: Sendable, Hashable {
    package var number: Int
    package var name: String
    package var status: Status
    package var exitCode: Int

    package init(number: Int, name: String, status: Status, exitCode: Int) {
        self.number = number
        self.name = name
        self.status = status
        self.exitCode = exitCode
    }
}
