/// What an agent does for one job: the steps, everything substituted, numbered so that they could run one after the other.
package struct JobPlan: Sendable, Hashable, Codable {
    package var clone: CloneOptions
    package var steps: [StepPlan]
    /// What runs beside the steps for as long as the job does.
    package var services: [ServicePlan]
    /// Whether an administrator of the server trusts the repository, and nobody else shapes this build: its containers
    /// may then have what others may not.
    package var trusted: Bool

    package init(
        clone: CloneOptions = CloneOptions(), steps: [StepPlan], services: [ServicePlan] = [], trusted: Bool = false
    ) {
        self.clone = clone
        self.steps = steps
        self.services = services
        self.trusted = trusted
    }
}

/// One step of a job: commands run one after the other, in one shell, until one fails; or a plugin.
package struct StepPlan: Sendable, Hashable, Codable {
    /// 1 for the first step after the clone; the clone itself is step 0.
    package var number: Int
    package var name: String
    /// The container image asked for; empty for none.
    package var image: String
    /// Empty for a plugin: then the image's own program runs, with its settings in the environment.
    package var commands: [String]
    /// The whole environment of the step, Skep's own variables included.
    package var environment: Variables
    /// What the steps it waits for, and those they wait for, must have come to.
    package var runsOn: Set<Outcome>
    /// Numbers of the steps that must be over before this one starts, each lower than its own; nil: only the step before it.
    /// Steps that do not wait for each other run at the same time.
    package var dependsOn: [Int]?
    /// Its failure is its own: for the job and the steps that wait for it, it is as if it had succeeded.
    package var ignoresFailure: Bool
    /// When the image is pulled; nil: as the agent does by itself.
    package var pull: PullPolicy?
    /// All rights of the agent's host. Only in plans that are `trusted`.
    package var privileged: Bool

    package enum Outcome: String, Sendable, Hashable, Codable {
        case success
        case failure
    }

    package init(
        number: Int, name: String, image: String, commands: [String], environment: Variables,
        runsOn: Set<Outcome> = [.success], dependsOn: [Int]? = nil, ignoresFailure: Bool = false,
        pull: PullPolicy? = nil, privileged: Bool = false
    ) {
        self.number = number
        self.name = name
        self.image = image
        self.commands = commands
        self.environment = environment
        self.runsOn = runsOn
        self.dependsOn = dependsOn
        self.ignoresFailure = ignoresFailure
        self.pull = pull
        self.privileged = privileged
    }
}

/// A container beside the steps of a job, which find it by its name.
package struct ServicePlan: Sendable, Hashable, Codable {
    /// A host name: letters, digits, `-`, `_` and `.`; unique in the job.
    package var name: String
    package var image: String
    /// nil: the image's.
    package var entrypoint: [String]?
    /// nil: the image's, where the entrypoint is too.
    package var command: [String]?
    package var environment: Variables
    /// When the image is pulled; nil: as the agent does by itself.
    package var pull: PullPolicy?
    /// As a step's.
    package var privileged: Bool

    package init(
        name: String, image: String, entrypoint: [String]? = nil, command: [String]? = nil,
        environment: Variables = [:], pull: PullPolicy? = nil, privileged: Bool = false
    ) {
        self.name = name
        self.image = image
        self.entrypoint = entrypoint
        self.command = command
        self.environment = environment
        self.pull = pull
        self.privileged = privileged
    }
}

/// When an image is pulled from its registry.
package enum PullPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    case always
    case ifNotExists = "if-not-exists"
    case never
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
