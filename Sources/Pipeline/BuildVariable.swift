import Core
import FoundationEssentials

/// A variable that Skep gives each step, and that texts of the file may name. docs/pipelines.md lists the same.
struct BuildVariable: Sendable {
    let name: String
    /// Whether its value is written freely by whoever commits; see `Substitution`.
    let isFreeText: Bool
    /// nil where it does not apply: then it is left out of the environment.
    let value: @Sendable (PlanContext) -> String?

    /// Bytes a value may have; the rest is cut off, so that a program can still be started with it.
    static let maximumLength = 8192

    /// In the order of the environment.
    static let all: [BuildVariable] =
        [
            BuildVariable(name: "CI", isFreeText: false) { _ in "true" },
            BuildVariable(name: "DRONE", isFreeText: false) { _ in "true" },
            BuildVariable(name: "CI_NAME", isFreeText: false) { _ in "drone" },
        ]
        + ["CI_", "DRONE_"].flatMap { prefix in
            identifiers.map { BuildVariable(name: prefix + $0.0, isFreeText: false, value: $0.1) }
                + freeTexts.map { BuildVariable(name: prefix + $0.0, isFreeText: true, value: $0.1) }
        }

    /// What `$$NAME` and `${NAME}` know without a prefix, as in 0.4. They are not in the environment.
    static let short: [BuildVariable] = [
        BuildVariable(name: "COMMIT", isFreeText: false) { $0.build.change.commit },
        // The full name, as in 0.4.
        BuildVariable(name: "COMMIT_SHORT", isFreeText: false) { $0.build.change.commit },
        BuildVariable(name: "BRANCH", isFreeText: false) { $0.build.change.branch },
        BuildVariable(name: "BUILD_NUMBER", isFreeText: false) { String($0.build.number) },
        BuildVariable(name: "TAG", isFreeText: false, value: \.tag),
    ]

    /// The value as a program can have it: no NUL, not too long.
    func text(in context: PlanContext) -> String? {
        value(context).map { Self.cut($0.utf8.contains(0) ? $0.filter { $0 != "\0" } : $0) }
    }

    private typealias Entry = (String, @Sendable (PlanContext) -> String?)

    private static let identifiers: [Entry] = [
        ("REPO", { $0.repo.fullName }),
        ("REPO_OWNER", { $0.repo.owner }),
        ("REPO_NAMESPACE", { $0.repo.owner }),
        ("REPO_NAME", { $0.repo.name }),
        ("REPO_SCM", { _ in "git" }),
        ("REPO_LINK", { $0.repo.linkURL }),
        ("REPO_BRANCH", { $0.repo.defaultBranch }),
        ("REPO_PRIVATE", { String($0.repo.isPrivate) }),
        ("REPO_TRUSTED", { String($0.repo.trusted) }),
        ("REPO_REMOTE", { $0.repo.cloneURL }),
        ("REMOTE_URL", { $0.repo.cloneURL }),
        ("BRANCH", { $0.build.change.branch }),
        ("COMMIT", { $0.build.change.commit }),
        ("COMMIT_SHA", { $0.build.change.commit }),
        ("COMMIT_REF", { $0.build.change.ref }),
        ("COMMIT_REFSPEC", { $0.build.change.refspec }),
        ("COMMIT_BRANCH", { $0.build.change.branch }),
        ("COMMIT_LINK", { $0.build.change.linkURL }),
        ("BUILD_NUMBER", { String($0.build.number) }),
        ("BUILD_EVENT", { $0.build.event.rawValue }),
        ("BUILD_LINK", \.buildURL),
        ("BUILD_URL", \.buildURL),
        ("BUILD_CREATED", { String(Int64($0.build.createdAt.timeIntervalSince1970)) }),
        ("BUILD_PARENT", { $0.build.parent.map { String($0) } }),
        ("PREV_BUILD_STATUS", { $0.previousStatus?.rawValue }),
        ("JOB_NUMBER", { String($0.job) }),
        ("TAG", \.tag),
        ("PULL_REQUEST", \.pullRequest),
        ("SOURCE_BRANCH", { $0.pullRequestBranches?.source }),
        ("TARGET_BRANCH", { $0.pullRequestBranches?.target }),
        ("COMMIT_PULL_REQUEST_FROM_FORK", { $0.build.event == .pullRequest ? String($0.isFromFork) : nil }),
        ("DEPLOY_TO", { $0.build.deployTo.isEmpty ? nil : $0.build.deployTo }),
        ("SYSTEM_NAME", { _ in "skep" }),
        ("SYSTEM_LINK", \.serverURL),
        ("SYSTEM_VERSION", \.systemVersion),
    ]

    private static let freeTexts: [Entry] = [
        ("COMMIT_MESSAGE", { $0.build.change.message }),
        ("COMMIT_AUTHOR", { $0.build.change.author }),
        ("COMMIT_AUTHOR_NAME", { $0.build.change.author }),
        ("COMMIT_AUTHOR_EMAIL", { $0.build.change.authorEmail }),
        ("COMMIT_AUTHOR_AVATAR", { $0.build.change.authorAvatar }),
    ]

    /// At most `maximumLength` bytes, cut between characters.
    private static func cut(_ text: String) -> String {
        guard text.utf8.count > maximumLength else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: maximumLength)
        while end.samePosition(in: text.unicodeScalars) == nil { text.utf8.formIndex(before: &end) }
        return String(text[..<end])
    }
}
