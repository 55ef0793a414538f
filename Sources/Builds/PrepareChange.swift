import Core
import Forge
import FoundationEssentials
import Pipeline
import Store

/// A ref that moved, and what is to be done about it.
struct PreparedChange: Sendable {
    var ref: RefChange
    var plan: Plan

    enum Plan: Sendable {
        case build(BuildSource)
        /// What waits or runs for the ref is of no use any more.
        case cancel(Event, reason: String)
        case none(reason: String)
    }
}

/// What a build is made of.
struct BuildSource: Sendable {
    var event: Event
    var change: Change
    /// The `.drone.yml` of the commit.
    var config: [UInt8]
    var deployTo = ""
    /// The forge's id of the deployment it is of.
    var deployment: Int64?
    var parent: Int64?
    /// A pull request whose commits come from another repository.
    var fromFork = false
    /// The `.drone.sec` of the commit, encrypted. nil: there is none.
    var sealed: String?
    /// The files that the change touched; nil where nobody asks, or nobody knows.
    var changedPaths: [String]?
    /// Login of somebody who may approve builds and asked for this one. nil: nobody did.
    var approver: String?
}

extension Engine {
    /// Decides whether the change of a ref makes a build, and asks the forge for what the build needs.
    func prepare(
        _ ref: RefChange, _ repo: Repo, _ forge: Forges.Entry, says details: HookDetails = HookDetails()
    ) async throws -> PreparedChange {
        PreparedChange(ref: ref, plan: try await plan(ref, repo, forge, details))
    }

    func prepare(_ pull: PullRequestChange, _ repo: Repo, _ forge: Forges.Entry) async throws -> PreparedChange {
        let draft = Draft(
            event: .pullRequest, object: pull.commit.isEmpty ? pull.ref : pull.commit, base: pull.baseBranch,
            ref: pull.ref, branch: pull.headBranch, refspec: "\(pull.headBranch):\(pull.baseBranch)",
            fromFork: pull.isFromFork, details: pull.details)
        let ref = RefChange(ref: pull.ref, before: nil, after: pull.commit)
        return PreparedChange(ref: ref, plan: try await plan(draft, repo, forge))
    }

    func prepare(_ asked: DeploymentRequest, _ repo: Repo, _ forge: Forges.Entry) async throws -> PreparedChange {
        let draft = Draft(
            event: .deployment, object: asked.commit, ref: asked.ref, branch: asked.ref, deployTo: asked.environment,
            deployment: asked.id, details: asked.details)
        let ref = RefChange(ref: asked.ref, before: nil, after: asked.commit)
        return PreparedChange(ref: ref, plan: try await plan(draft, repo, forge))
    }

    /// What a build is to be of, before the forge was asked.
    private struct Draft {
        var event: Event
        /// A commit, a tag's object, or a ref.
        var object: String
        /// What the commit is compared with. nil: nothing.
        var base: String?
        var ref: String
        var branch: String
        var refspec = ""
        var deployTo = ""
        var deployment: Int64?
        var fromFork = false
        var details: HookDetails
    }

    private func plan(
        _ ref: RefChange, _ repo: Repo, _ forge: Forges.Entry, _ details: HookDetails
    ) async throws -> PreparedChange.Plan {
        guard let event = ref.event else { return .none(reason: "\(ref.ref) is neither a branch nor a tag") }
        guard let object = ref.after else {
            let reason = "\(ref.ref) was deleted"
            return event == .push ? .cancel(.push, reason: reason) : .none(reason: reason)
        }
        let draft = Draft(
            event: event, object: object, base: ref.branch == nil ? nil : ref.before, ref: ref.ref,
            branch: ref.branch ?? ref.tag ?? ref.ref, details: details)
        return try await plan(draft, repo, forge)
    }

    private func plan(_ draft: Draft, _ repo: Repo, _ forge: Forges.Entry) async throws -> PreparedChange.Plan {
        let event = draft.event
        guard repo.allows[event] else { return .none(reason: "the repository builds no \(event.rawValue) events") }
        let names = [".drone.yml", ".drone.sec"]
        guard let found = try await forge.client.snapshot(of: draft.object, files: names, in: repo.path) else {
            return .none(reason: "the repository has no commit \(draft.object)")
        }
        let commit = found.commit
        guard !skipsCI(message: commit.message) else { return .none(reason: "the commit's message says to skip") }
        guard let config = config(found.files[0]) else {
            return .none(reason: "there is no .drone.yml at commit \(commit.id)")
        }
        if let reason = reasonNotToBuild(config, branch: draft.branch, event: event) { return .none(reason: reason) }
        var source = BuildSource(event: event, change: change(draft, commit, repo), config: config)
        source.deployTo = draft.deployTo
        source.deployment = draft.deployment
        source.fromFork = draft.fromFork
        source.sealed = sealed(found.files[1])
        source.changedPaths = try await changedPaths(draft.base, commit, config, repo, forge)
        return .build(source)
    }

    /// Who did it is what the forge says, which knows logins; the commit says what its author had configured.
    private func change(_ draft: Draft, _ commit: CommitInfo, _ repo: Repo) -> Change {
        let says = draft.details
        let email = says.authorEmail.isEmpty ? commit.authorEmail : says.authorEmail
        let isPull = draft.event == .pullRequest
        return Change(
            commit: commit.id, branch: draft.branch, ref: draft.ref, refspec: draft.refspec, remote: repo.cloneURL,
            title: says.title.withoutNUL, message: isPull ? says.message.withoutNUL : commit.message,
            timestamp: commit.timestamp, author: (says.author.isEmpty ? commit.authorName : says.author).withoutNUL,
            authorAvatar: says.authorAvatar.isEmpty ? Gravatar.url(email: email) : says.authorAvatar.withoutNUL,
            authorEmail: email.withoutNUL, linkURL: says.linkURL.isEmpty ? repo.linkURL : says.linkURL.withoutNUL)
    }

    /// Asked only where the file wants to know. A new branch has nothing to compare with.
    private func changedPaths(
        _ base: String?, _ commit: CommitInfo, _ config: [UInt8], _ repo: Repo, _ forge: Forges.Entry
    ) async throws -> [String]? {
        guard let base, !base.isEmpty, let configuration = try? files.configuration(config), configuration.looksAtPaths
        else { return nil }
        return try await forge.client.changedPaths(from: base, to: commit.id, in: repo.path)
    }

    /// What is no text cannot be opened later either: the build then says so.
    private func sealed(_ file: ForgeSnapshot.File) -> String? {
        switch file {
        case .none: nil
        case .bytes(let bytes): String(decoding: bytes.filter { $0 > 0x20 && $0 < 0x7F }, as: UTF8.self)
        case .tooLarge: ""
        }
    }

    /// Too large to be read is too large to be right: the build says so.
    private func config(_ file: ForgeSnapshot.File) -> [UInt8]? {
        switch file {
        case .none: nil
        case .bytes(let bytes): bytes
        case .tooLarge: Array(repeating: UInt8(ascii: "#"), count: ForgeLimits.file + 1)
        }
    }

    /// A file that does not parse makes a build, so that somebody sees what is wrong with it.
    private func reasonNotToBuild(_ config: [UInt8], branch: String, event: Event) -> String? {
        guard let configuration = try? files.configuration(config) else { return nil }
        return configuration.builds(branch: branch, event: event)
            ? nil : "branch \(branch) is not among the file's branches"
    }
}

extension RefChange {
    fileprivate var event: Event? {
        if branch != nil { return .push }
        return tag == nil ? nil : .tag
    }
}

extension String {
    /// As the database takes text.
    fileprivate var withoutNUL: String { utf8.contains(0) ? replacing("\0", with: "\u{FFFD}") : self }
}
