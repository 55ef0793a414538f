import Core
import Testing

@testable import Pipeline

struct ServiceTests {
    private func plan(
        _ yaml: String, cell: Variables = [:], in context: PlanContext = context()
    ) throws -> (plan: JobPlan, notes: [String]) {
        try configuration(yaml + "\n" + oneStep).planned(for: cell, in: context)
    }

    @Test(arguments: [
        "services: {db: {image: postgres, environment: {A: b}}}",
        "compose: {db: {image: postgres, environment: [A=b]}}",
        "services: [{name: db, image: postgres, environment: {A: b}, ports: ['5432:5432']}]",
    ])
    func dialects(yaml: String) throws {
        let plan = try plan(yaml).plan
        #expect(plan.services == [ServicePlan(name: "db", image: "postgres", environment: ["A": "b"])])
        #expect(plan.steps.count == 1)
    }

    @Test(
        arguments: [
            ("entrypoint: [a, 'b c']", ["a", "b c"], nil), ("command: mysqld  --x=1", nil, ["mysqld", "--x=1"]),
            ("entrypoint: a, command: [b]", ["a"], ["b"]),
            ("commands: ['echo a', 'echo b']", ["/bin/sh", "-ec"], ["echo a\necho b"]), ("pull: false", nil, nil),
        ] as [(String, [String]?, [String]?)])
    func whatTheyRun(yaml: String, entrypoint: [String]?, command: [String]?) throws {
        let service = try #require(try plan("services: {db: {image: x, \(yaml)}}").plan.services.first)
        #expect(service.entrypoint == entrypoint)
        #expect(service.command == command)
    }

    @Test func matrixValuesArePutIn() throws {
        let yaml =
            "services: {db: {image: 'pg:$${PG}', environment: {V: v$$PG}, command: 'run $$PG'}}\nmatrix: {PG: [15]}"
        let service = try #require(try plan(yaml, cell: ["PG": "15"]).plan.services.first)
        #expect(service.image == "pg:15")
        #expect(service.environment == ["V": "v15"])
        #expect(service.command == ["run", "15"])
    }

    @Test func secretsAreGivenByTheSameRules() throws {
        var context = context()
        context.secrets.named = [NamedSecret(name: "pw", value: "hidden", events: [], images: ["postgres"])]
        context.secrets.file = ["FILE": "f"]
        context.secrets.fileReachesCommands = false
        let yaml = """
            services:
              db: {image: postgres, environment: {A: {from_secret: pw}}}
              other: {image: redis, secrets: [pw, FILE]}
            """
        let (plan, notes) = try plan(yaml, in: context)
        #expect(plan.services.map(\.environment) == [["A": "hidden"], [:]])
        #expect(notes.count == 2)
        #expect(try configuration(yaml + "\n" + oneStep).namesSecrets)
    }

    @Test func privilegesTakeTrust() throws {
        for yaml in [
            "services: {db: {image: x, privileged: true}}\n\(oneStep)", "steps: {a: {commands: [x], privileged: true}}",
        ] {
            let configuration = try configuration(yaml)
            let trusted = try configuration.plan(for: [:], in: context(trusted: true))
            #expect(trusted.trusted)
            #expect(trusted.steps.contains(where: \.privileged) || trusted.services.contains(where: \.privileged))
            for context in [context(), context(event: .pullRequest, isFromFork: true, trusted: true)] {
                #expect(throws: ConfigurationError.self) { try configuration.plan(for: [:], in: context) }
            }
        }
        let plain = try configuration(oneStep)
        #expect(try !plain.plan(for: [:], in: context(isFromFork: true, trusted: true)).trusted)
        #expect(try !plain.plan(for: [:], in: context()).trusted)
    }

    @Test(arguments: [
        ("always", PullPolicy.always), ("true", .always), ("if-not-exists", .ifNotExists), ("never", .never),
    ])
    func pullIsRead(word: String, policy: PullPolicy) throws {
        let plan = try configuration("steps: {a: {commands: [x], pull: \(word)}}").plan(for: [:], in: context())
        #expect(plan.steps.first?.pull == policy)
    }
}
