import Core
import Pipeline
import Testing

struct ConditionTests {
    private static let tag = context(event: .tag, change: change(branch: "", ref: "refs/tags/v1.2"))
    private static let pull = context(event: .pullRequest, change: change(branch: "feature/a", ref: "refs/pull/7/head"))
    private static let deployment = context(event: .deployment, deployTo: "production")

    private func names(_ when: String, in context: PlanContext, cell: Variables = ["GO": "1.10"]) throws -> Bool {
        try !steps("steps: {t: {commands: [make], when: \(when)}}", cell: cell, in: context).isEmpty
    }

    @Test(
        arguments: [
            ("{branch: main}", [true, false, false, true]),
            ("{branch: [main, feature/*]}", [true, false, true, true]),
            ("{branch: {exclude: main}}", [false, true, true, false]),
            ("{branch: '!feature/*'}", [true, true, false, true]),
            ("{event: push}", [true, false, false, false]),
            ("{event: [tag, deployment]}", [false, true, false, true]),
            ("{event: {exclude: [pull_request]}}", [true, true, false, true]),
            ("{ref: refs/tags/v*}", [false, true, false, false]),
            ("{repo: octocat/*}", [true, true, true, true]),
            ("{repo: hubot/*}", [false, false, false, false]),
            ("{environment: production}", [false, false, false, true]),
            ("{target: {include: [staging, prod*]}}", [false, false, false, true]),
            ("{matrix: {GO: 1.10}}", [true, true, true, true]),
            ("{matrix: {GO: 1.*, OS: linux}}", [false, false, false, false]),
            ("{event: push, branch: main, matrix: {GO: 1.10}}", [true, false, false, false]),
            ("{instance: ci.*}", [true, true, true, true]),
            ("{instance: {exclude: ci.example}}", [false, false, false, false]),
            ("{ref: {include: 'refs/**', exclude: ['refs/tags/*', refs/pull/**]}}", [true, false, false, true]),
            ("{matrix: {GO: {exclude: 1.9}}}", [true, true, true, true]),
            ("[{event: tag}, {event: push, branch: main}]", [true, true, false, false]),
            ("[{event: tag}, {}]", [true, true, true, true]),
            ("{}", [true, true, true, true]),
        ] as [(String, [Bool])])
    func holds(when: String, expected: [Bool]) throws {
        let contexts = [context(), Self.tag, Self.pull, Self.deployment]
        #expect(try contexts.map { try names(when, in: $0) } == expected)
    }

    @Test(
        arguments: [
            ("success", [.success]), ("failure", [.failure]), ("[success, failure]", [.success, .failure]),
            ("{exclude: success}", [.failure]),
        ] as [(String, Set<StepPlan.Outcome>)])
    func status(written: String, expected: Set<StepPlan.Outcome>) throws {
        #expect(try steps("steps: {t: {commands: [make], when: {status: \(written)}}}").first?.runsOn == expected)
    }

    /// Of the conditions that hold.
    @Test(
        arguments: [
            ("[{event: push}, {event: tag, status: failure}]", [.success]),
            ("[{event: push}, {branch: main, status: failure}]", [.success, .failure]),
            ("[{event: push, status: failure}, {event: tag}]", [.failure]),
        ] as [(String, Set<StepPlan.Outcome>)])
    func statusOfAList(written: String, expected: Set<StepPlan.Outcome>) throws {
        #expect(try steps("steps: {t: {commands: [make], when: \(written)}}").first?.runsOn == expected)
    }

    @Test func stepsLeftOutAreNotNumbered() throws {
        let steps = try steps(
            "steps: {a: {commands: [x], when: {event: tag}}, b: {commands: [x]}, c: {commands: [x], when: {branch: dev}}, d: {commands: [x]}}"
        )
        #expect(steps.map(\.name) == ["b", "d"])
        #expect(steps.map(\.number) == [1, 2])
    }

    private static let few = ["docs/a.md", "src/main.swift", "src/deep/b.swift"]

    @Test(
        arguments: [
            ("src/**", few, true), ("src/*", few, true), ("'*.md'", few, false), ("['*.md', '**/*.md']", few, true),
            ("'!docs/**'", few, true), ("'!docs/**'", ["docs/a.md"], false),
            ("{include: 'src/**', exclude: '**/*.swift'}", few, false),
            ("{include: '**', exclude: 'src/**'}", few, true), ("{exclude: '**'}", few, false), ("{}", few, true),
            ("{include: none}", nil, true), ("{include: none}", [], true),
            ("{include: none, on_empty: true}", [], true),
            ("{include: '**', on_empty: false}", [], false), ("{include: none, ignore_message: 'hELLO'}", few, true),
            ("{include: none, ignore_message: other}", few, false),
            ("{include: none, on_empty: false, ignore_message: hello}", [], true),
        ] as [(String, [String]?, Bool)])
    func paths(written: String, changed: [String]?, expected: Bool) throws {
        for event in [Event.push, .pullRequest, .tag, .deployment] {
            var context = context(event: event)
            context.changedPaths = changed
            let holds = try names("{path: \(written)}", in: context)
            #expect(holds == (expected || event == .tag || event == .deployment))
        }
        #expect(try configuration("steps: {t: {commands: [make], when: {path: \(written)}}}").looksAtPaths)
    }

    @Test(arguments: [("ignore", true), ("fail", false)])
    func failure(written: String, expected: Bool) throws {
        #expect(try steps("steps: {t: {commands: [make], failure: \(written)}}").first?.ignoresFailure == expected)
    }
}
