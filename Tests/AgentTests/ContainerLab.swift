import Agent
import AgentProtocol
import Core
import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
    /// The test runs where a container engine can be had.
    static var needsEngine: Self {
        .enabled("there is no container engine, and none can be started here") { await TestEngine.isThere }
    }
}

/// A lab whose agent runs containers. When the test is over none of the agent's is left on the engine.
struct ContainerLab {
    let lab: Lab
    let engine: TestEngine

    static func with(_ body: (ContainerLab) async throws -> Void) async throws {
        let engine = try await TestEngine.shared
        try await Lab.with { lab in
            try await body(ContainerLab(lab: lab, engine: engine))
            #expect(try await engine.left(ofAgentIn: lab.folder + "/agent") == [])
        }
    }

    var server: ScriptedServer { lab.server }

    func configuration(_ change: (inout ContainerSettings) -> Void = { _ in }) -> AgentConfiguration {
        var configuration = lab.configuration(.required)
        configuration.runtime = .docker
        configuration.containers.address = engine.address
        change(&configuration.containers)
        return configuration
    }

    func run(_ job: ClaimedJob, _ change: (inout ContainerSettings) -> Void = { _ in }) async throws -> JobEnd {
        try await lab.run(job, configuration: configuration(change))
    }

    func run(_ commands: String..., change: (inout ContainerSettings) -> Void = { _ in }) async throws -> JobEnd {
        try await run(lab.job([container(1, commands)]), change)
    }

    func job(_ steps: [StepPlan], services: [ServicePlan], trusted: Bool = false) -> ClaimedJob {
        var job = lab.job(steps)
        job.plan.services = services
        job.plan.trusted = trusted
        return job
    }
}

/// A step in the test engine's image.
func container(_ number: Int, _ commands: [String], environment: Variables = [:]) -> StepPlan {
    var plan = step(number, commands, environment: environment)
    plan.image = TestEngine.image
    return plan
}
