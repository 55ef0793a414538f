import Core
import Testing

@testable import Pipeline

struct VariableTests {
    private func environment(_ context: PlanContext) throws -> Variables {
        try #require(try steps(oneStep, in: context).first).environment
    }

    @Test(
        arguments: [
            ("REPO", "octocat/hello"), ("REPO_OWNER", "octocat"), ("REPO_NAME", "hello"), ("BRANCH", "main"),
            ("COMMIT", "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d"),
            ("COMMIT_SHA", "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d"),
            ("COMMIT_REF", "refs/heads/main"), ("COMMIT_MESSAGE", "Hello"), ("COMMIT_AUTHOR", "octocat"),
            ("BUILD_NUMBER", "42"), ("BUILD_EVENT", "push"), ("BUILD_LINK", "https://ci.example/octocat/hello/42"),
            ("BUILD_CREATED", "1450000100"), ("JOB_NUMBER", "2"),
            ("REMOTE_URL", "https://forge.example/octocat/hello.git"),
            ("PREV_BUILD_STATUS", "failure"), ("SYSTEM_VERSION", "1.2.3"), ("TAG", nil), ("PULL_REQUEST", nil),
            ("DEPLOY_TO", nil), ("SOURCE_BRANCH", nil), ("COMMIT_PULL_REQUEST_FROM_FORK", nil),
        ] as [(String, String?)])
    func ofAPush(name: String, expected: String?) throws {
        let variables = try environment(context())
        #expect(variables["CI_" + name] == expected)
        #expect(variables["DRONE_" + name] == expected)
    }

    @Test(arguments: ["refs/pull/7/head", "refs/pull/7/merge", "refs/merge-requests/7/head"])
    func ofAPullRequest(ref: String) throws {
        let pull = change(branch: "main", ref: ref, refspec: "topic:main")
        let variables = try environment(context(event: .pullRequest, change: pull, isFromFork: true))
        #expect(variables["DRONE_PULL_REQUEST"] == "7")
        #expect(variables["CI_PULL_REQUEST"] == "7")
        #expect(variables["DRONE_SOURCE_BRANCH"] == "topic")
        #expect(variables["DRONE_TARGET_BRANCH"] == "main")
        #expect(variables["CI_COMMIT_PULL_REQUEST_FROM_FORK"] == "true")
    }

    @Test func ofADeploymentAndATag() throws {
        #expect(try environment(context(event: .deployment, deployTo: "production"))["DRONE_DEPLOY_TO"] == "production")
        let tag = change(branch: "", ref: "refs/tags/release/1")
        #expect(try environment(context(event: .tag, change: tag))["DRONE_TAG"] == "release/1")
    }

    @Test func valuesCanBeGivenToAProgram() throws {
        let long = "a\0\u{301}" + String(repeating: "é", count: 5000)
        let value = try #require(try environment(context(change: change(message: long)))["CI_COMMIT_MESSAGE"])
        #expect(!value.utf8.contains(0))
        #expect(value.utf8.count <= 8192 && value.utf8.count > 8180)
        #expect(value.unicodeScalars.last == "é")
    }

    @Test func begins() throws {
        #expect(try environment(context()).map(\.name).prefix(4) == ["CI", "DRONE", "CI_NAME", "CI_REPO"])
    }

    @Test func eachNameOccursOnce() {
        let names = (BuildVariable.all + BuildVariable.short).map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy(VariableName.isValid))
    }
}
