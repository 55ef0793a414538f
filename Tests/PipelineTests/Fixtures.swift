import Core
import FoundationEssentials
import Testing

@testable import Pipeline

/// A file of one step with what the test is about before it.
func configuration(_ yaml: String) throws -> Configuration {
    try Configuration(yaml: Array(yaml.utf8))
}

let oneStep = "steps: [{name: test, commands: [make]}]\n"

/// The error a file gives, or nil with an issue recorded.
func failure(of yaml: some Sequence<UInt8>) -> ConfigurationError? {
    do throws(ConfigurationError) {
        _ = try Configuration(yaml: Array(yaml))
        Issue.record("the file was accepted")
        return nil
    } catch {
        return error
    }
}

func change(branch: String = "main", ref: String = "refs/heads/main", refspec: String = "", message: String = "Hello")
    -> Change
{
    Change(
        commit: "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d", branch: branch, ref: ref, refspec: refspec,
        remote: "https://forge.example/octocat/hello.git", title: "Hello", message: message,
        timestamp: Date(timeIntervalSince1970: 1_450_000_000), author: "octocat",
        authorAvatar: "https://forge.example/a.png", authorEmail: "octocat@example.com",
        linkURL: "https://forge.example/octocat/hello/commit/7fd1a60")
}

func context(
    event: Event = .push, change: Change = change(), deployTo: String = "", isFromFork: Bool = false,
    trusted: Bool = false
) -> PlanContext {
    let repo = Repo(
        id: 1, tenantID: 1, forgeID: 1, forge: nil, owner: "octocat", name: "hello", avatarURL: "",
        linkURL: "https://forge.example/octocat/hello", cloneURL: "https://forge.example/octocat/hello.git",
        defaultBranch: "main", timeout: 60, isPrivate: false, trusted: trusted,
        allows: Repo.Allowed(pullRequests: true, pushes: true, deployments: true, tags: true))
    let time = Date(timeIntervalSince1970: 1_450_000_100)
    let build = Build(
        id: 9, number: 42, event: event, status: .pending, createdAt: time, enqueuedAt: time, startedAt: nil,
        finishedAt: nil, deployTo: deployTo, change: change, parent: nil, error: "")
    return PlanContext(
        repo: repo, build: build, job: 2, buildURL: "https://ci.example/octocat/hello/42",
        serverURL: "https://ci.example", systemVersion: "1.2.3", isFromFork: isFromFork, previousStatus: .failure)
}

func steps(_ yaml: String, cell: Variables = [:], in context: PlanContext = context()) throws -> [StepPlan] {
    try configuration(yaml).plan(for: cell, in: context).steps
}
