package import Core

/// What a plan is made for: one job of one build, and what its variables tell of them.
package struct PlanContext: Sendable {
    package var repo: Repo
    package var build: Build
    /// The job's number in its build, from 1.
    package var job: Int
    /// The page of the build.
    package var buildURL: String
    /// Skep's own address.
    package var serverURL: String
    package var systemVersion: String
    /// A pull request whose commits come from another repository.
    package var isFromFork: Bool
    /// Of the build before this one on the same branch; nil when there is none.
    package var previousStatus: Status?
    package var secrets: PlanSecrets
    /// The files that the build's change touched; nil where that is not known, or too many.
    package var changedPaths: [String]?

    package init(
        repo: Repo, build: Build, job: Int, buildURL: String, serverURL: String, systemVersion: String,
        isFromFork: Bool = false, previousStatus: Status? = nil, secrets: PlanSecrets = PlanSecrets(),
        changedPaths: [String]? = nil
    ) {
        self.repo = repo
        self.build = build
        self.job = job
        self.buildURL = buildURL
        self.serverURL = serverURL
        self.systemVersion = systemVersion
        self.isFromFork = isFromFork
        self.previousStatus = previousStatus
        self.secrets = secrets
        self.changedPaths = changedPaths
    }
}

extension PlanContext {
    /// Skep's host, with the port if the address has one.
    var instance: String {
        let rest = serverURL.split(separator: "/", omittingEmptySubsequences: true)
        return rest.count > 1 ? String(rest[1]) : serverURL
    }

    /// Whether the job's containers may have what others may not: not where somebody outside wrote the commit.
    var isTrusted: Bool { repo.trusted && !isFromFork }

    /// The tag's name; nil unless a tag is built.
    var tag: String? {
        let ref = build.change.ref
        guard build.event == .tag || ref.hasPrefix("refs/tags/") else { return nil }
        return ref.hasPrefix("refs/tags/") ? String(ref.dropFirst(10)) : ref
    }

    /// The number in `refs/pull/7/head`, `refs/pull/7/merge` or `refs/merge-requests/7/head`; nil unless a pull request
    /// is built.
    var pullRequest: String? {
        guard build.event == .pullRequest else { return nil }
        let parts = build.change.ref.split(separator: "/")
        guard parts.count >= 3, parts[2].utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else {
            return nil
        }
        return String(parts[2])
    }

    /// A pull request's branches, from the refspec `source:target`; nil when the forge gave none.
    var pullRequestBranches: (source: String, target: String)? {
        guard build.event == .pullRequest else { return nil }
        let parts = build.change.refspec.split(separator: ":")
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }
}
