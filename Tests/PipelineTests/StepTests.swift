import Core
import Pipeline
import Testing

struct StepTests {
    @Test(arguments: [
        "build: {image: golang, commands: [go test]}",
        "pipeline: {build: {image: golang, commands: [go test]}}",
        "pipeline: [{name: build, image: golang, commands: go test}]",
        "steps: [{name: build, image: golang, commands: [go test]}]",
        "steps: {build: {image: golang, pull: always, commands: [go test]}}",
        "kind: pipeline\ntype: docker\nname: default\nversion: 1\ndebug: true\nsteps: {build: {image: golang, commands: [go test]}}",
        "x-base: &base {image: golang}\nsteps: {build: {<<: *base, commands: [go test]}}",
        "variables: [&base {image: golang, commands: [make]}]\nsteps: {build: {commands: [go test], <<: [*base]}}",
    ])
    func dialects(yaml: String) throws {
        let steps = try steps(yaml)
        #expect(steps.count == 1)
        #expect(steps.first?.name == "build")
        #expect(steps.first?.number == 1)
        #expect(steps.first?.image == "golang")
        #expect(steps.first?.commands == ["go test"])
        #expect(steps.first?.runsOn == [.success])
    }

    @Test func keepOrderAndText() throws {
        let steps = try steps(
            """
            pipeline:
              zulu:
                commands:
                  - echo "a *b* $HOME ${X:-y}"   # a comment
                  - |
                    one
                      two
              alpha:
                commands: [ "1.10", 'it''s', 0x1F ]
            """)
        #expect(steps.map(\.name) == ["zulu", "alpha"])
        #expect(steps.map(\.number) == [1, 2])
        #expect(steps[0].commands == ["echo \"a *b* $HOME ${X:-y}\"", "one\n  two\n"])
        #expect(steps[1].commands == ["1.10", "it's", "0x1F"])
        #expect(steps[0].image.isEmpty)
    }

    @Test(arguments: ["{B: 2, A: $$JOB, E: ~}", "[B=2, A=$$JOB, E=]", "[B=1, A=$$JOB, E=, B=2]"])
    func environmentEndsWithItsOwn(environment: String) throws {
        let yaml = "steps: {t: {commands: [make], environment: \(environment)}}"
        let variables = try #require(try steps(yaml, cell: ["JOB": "x=y", "A": "cell"]).first).environment
        #expect(variables["A"] == "x=y")
        #expect(variables["B"] == "2")
        #expect(variables["E"] == "")
        #expect(variables["CI"] == "true")
        // The cell came before the step, so A keeps the cell's place.
        #expect(variables.map(\.name).suffix(4) == ["JOB", "A", "B", "E"])
    }

    @Test func aStepMaySetABuildsVariable() throws {
        let yaml = "steps: {t: {commands: [make], environment: {DRONE_BRANCH: mine, CI: 'no'}}}"
        let variables = try #require(try steps(yaml, cell: ["CI_BRANCH": "cell"]).first).environment
        #expect(variables["DRONE_BRANCH"] == "mine")
        #expect(variables["CI"] == "no")
        #expect(variables["CI_BRANCH"] == "cell")
    }

    @Test func growthBySubstitutionIsBounded() throws {
        let references = String(repeating: "$${X/a/\(String(repeating: "b", count: 1000))}", count: 900)
        let configuration = try configuration("steps:\n- name: t\n  commands:\n  - \(references)\n")
        let cell: Variables = ["X": String(repeating: "a", count: 4096)]
        #expect(
            throws: ConfigurationError(
                line: 4, column: 5,
                message: "with all values put in, the steps of a job are longer than 8 MiB; use fewer or shorter ones")
        ) {
            try configuration.plan(for: cell, in: context())
        }
        #expect(try configuration.plan(for: ["X": "a"], in: context()).steps.count == 1)
    }
}
