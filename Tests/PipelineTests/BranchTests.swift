import Core
import Pipeline
import Testing

struct BranchTests {
    @Test(
        arguments: [
            ("main", ["main": true, "dev": false]),
            ("[main, feature/*]", ["feature/a": true, "feature/a/b": false, "dev": false]),
            (
                "{include: [main, feature/*], exclude: feature/x}",
                ["main": true, "feature/a": true, "feature/x": false]
            ),
            ("{exclude: [wip/*]}", ["main": true, "wip/a": false]),
            ("'!main'", ["main": false, "dev": true]),
            ("[rel/*, '!rel/0']", ["rel/0": false, "rel/1": true, "main": false]),
            ("{include: rel/*, exclude: '*'}", ["rel/1": true, "main": false]),
        ] as [(String, [String: Bool])])
    func filter(branches: String, expected: [String: Bool]) throws {
        let configuration = try configuration("branches: \(branches)\n" + oneStep)
        for (branch, isBuilt) in expected {
            #expect(configuration.builds(branch: branch, event: .push) == isBuilt, "\(branch)")
            #expect(configuration.builds(branch: branch, event: .pullRequest) == isBuilt, "\(branch)")
            #expect(configuration.builds(branch: branch, event: .tag))
            #expect(configuration.builds(branch: branch, event: .deployment))
        }
    }

    @Test func withoutFilterAllAreBuilt() throws {
        #expect(try configuration(oneStep).builds(branch: "any/thing", event: .push))
    }
}
