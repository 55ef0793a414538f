import Agent
import AgentProtocol
import Core
import Foundation
import TestSupport
import Testing

/// What runs beside the steps of a job.
@Suite struct ServiceTests {
    static let web = ServicePlan(
        name: "web", image: TestEngine.image, entrypoint: ["/bin/sh", "-c"],
        command: ["cd /tmp; echo $GREETING > index.html; exec httpd -f -p 8000"],
        environment: ["GREETING": "good morning"])

    static let ask = "for i in $(seq 100); do wget -qO- http://web:8000/ 2>/dev/null && break; sleep 0.1; done"

    @Test(.needsEngine, arguments: [ContainerSettings.Networking.bridge, .shared])
    func stepsReachServicesByName(_ networking: ContainerSettings.Networking) async throws {
        try await ContainerLab.with { lab in
            let job = lab.job(
                [container(1, [Self.ask, "env | grep GREETING || echo apart"]), container(2, [Self.ask])],
                services: [Self.web])
            let end = try await lab.run(job) { $0.networking = networking }
            #expect(end.status == .success)
            let lines = lab.server.text.split(separator: "\n").filter { !$0.hasPrefix("+ ") }
            #expect(lines == ["good morning", "apart", "good morning"])
        }
    }

    @Test(.needsEngine, arguments: [ContainerSettings.Networking.bridge, .shared])
    func aServiceThatFailedIsNamedWhereAStepFails(_ networking: ContainerSettings.Networking) async throws {
        try await ContainerLab.with { lab in
            var broken = Self.web
            broken.name = "db"
            broken.command = ["echo first >&2; echo no disk left >&2; exit 7"]
            let end = try await lab.run(lab.job([container(1, ["sleep 1", "false"])], services: [broken])) {
                $0.networking = networking
            }
            #expect(end.status == .failure)
            #expect(end.exitCode == 1)
            #expect(
                lab.server.text.hasSuffix("+ false\nskep: the service db has ended with exit code 7: no disk left\n"))
        }
    }

    @Test(.needsEngine) func aServiceThatCannotStartEndsTheJob() async throws {
        try await ContainerLab.with { lab in
            var broken = Self.web
            broken.entrypoint = ["/no/such/program"]
            let end = try await lab.run(lab.job([container(1, ["echo never"])], services: [broken]))
            #expect(end.status == .error)
            #expect(lab.server.text.hasPrefix("skep: the service web cannot be started: "))
            #expect(lab.server.steps == ["0 error 1", "1 skipped 0"])
        }
    }

    @Test func processesHaveNoServices() async throws {
        try await Lab.with { lab in
            var job = lab.job([step(1, ["echo never"])])
            job.plan.services = [Self.web]
            let end = try await lab.run(job)
            #expect(end.status == .error)
            #expect(end.error.hasPrefix("services need the container runtime"))
            #expect(lab.server.text.hasPrefix("skep: services need the container runtime: start the agent with"))
        }
    }
}
