import Core
import FoundationEssentials
import Pipeline

private let repo = Repo(
    id: 1, tenantID: 1, forgeID: 1, forge: nil, owner: "octocat", name: "hello", avatarURL: "", linkURL: "",
    cloneURL: "/srv/hello.git", defaultBranch: "main", timeout: 60, isPrivate: true, trusted: false,
    allows: Repo.Allowed(pullRequests: true, pushes: true, deployments: true, tags: true))

private let change = Change(
    commit: String(repeating: "a", count: 40), branch: "main", ref: "refs/heads/main", refspec: "",
    remote: "/srv/hello.git",
    title: "", message: "It's \"quoted\" $$COMMIT", timestamp: Date(timeIntervalSince1970: 0), author: "ada",
    authorAvatar: "", authorEmail: "ada@example.com", linkURL: "")

private let build = Build(
    id: 1, number: 1, event: .push, status: .pending, createdAt: Date(timeIntervalSince1970: 0),
    enqueuedAt: Date(timeIntervalSince1970: 0), startedAt: nil, finishedAt: nil, deployTo: "", change: change,
    parent: nil,
    error: "", fromFork: false)

private let secrets: PlanSecrets = {
    var secrets = PlanSecrets()
    secrets.file["TOKEN"] = "from the file"
    secrets.named = [NamedSecret(name: "DEPLOY_KEY", value: "by name", events: [.push], images: ["busybox*"])]
    return secrets
}()

/// A `.drone.yml`, planned for each cell of its matrix; and the same bytes as what a `.drone.sec` holds.
func fuzzPipeline(_ input: [UInt8]) {
    _ = try? SecretFile(yaml: input)
    _ = try? checkMapping(yaml: input)
    guard let configuration = try? Configuration(yaml: input) else { return }
    precondition((1...100).contains(configuration.matrix.count))
    _ = configuration.builds(branch: "feature/a", event: .push)
    let context = PlanContext(
        repo: repo, build: build, job: 1, buildURL: "http://127.0.0.1/1", serverURL: "http://127.0.0.1",
        systemVersion: "fuzz", secrets: secrets)
    for cell in configuration.matrix.prefix(4) {
        _ = configuration.labels(for: cell.environment)
        _ = try? configuration.planned(for: cell.environment, in: context)
    }
}
