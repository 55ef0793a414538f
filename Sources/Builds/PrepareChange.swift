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
    func prepare(_ ref: RefChange, _ repo: Repo, _ forge: Forges.Entry) async throws -> PreparedChange {
        PreparedChange(ref: ref, plan: try await plan(ref, repo, forge))
    }

    private func plan(_ ref: RefChange, _ repo: Repo, _ forge: Forges.Entry) async throws -> PreparedChange.Plan {
        guard let event = ref.event else { return .none(reason: "\(ref.ref) is neither a branch nor a tag") }
        guard let object = ref.after else { return .none(reason: "\(ref.ref) was deleted") }
        guard repo.allows[event] else { return .none(reason: "the repository builds no \(event.rawValue) events") }
        guard
            let found = try await forge.client.snapshot(of: object, files: [".drone.yml", ".drone.sec"], in: repo.path)
        else { return .none(reason: "the repository has no commit \(object)") }
        let commit = found.commit
        guard !skipsCI(message: commit.message) else { return .none(reason: "the commit's message says to skip") }
        guard let config = config(found.files[0]) else {
            return .none(reason: "there is no .drone.yml at commit \(commit.id)")
        }
        let change = Change(ref, commit, repo)
        if let reason = reasonNotToBuild(config, branch: change.branch, event: event) { return .none(reason: reason) }
        let sealed = sealed(found.files[1])
        let paths = try await changedPaths(ref, commit, config, repo, forge)
        return .build(
            BuildSource(event: event, change: change, config: config, sealed: sealed, changedPaths: paths))
    }

    /// Asked only where the file wants to know. A new branch has nothing to compare with.
    private func changedPaths(
        _ ref: RefChange, _ commit: CommitInfo, _ config: [UInt8], _ repo: Repo, _ forge: Forges.Entry
    ) async throws -> [String]? {
        guard ref.branch != nil, let before = ref.before,
            let configuration = try? files.configuration(config), configuration.looksAtPaths
        else { return nil }
        return try await forge.client.changedPaths(from: before, to: commit.id, in: repo.path)
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

extension Change {
    fileprivate init(_ ref: RefChange, _ commit: CommitInfo, _ repo: Repo) {
        self.init(
            commit: commit.id, branch: ref.branch ?? ref.tag ?? ref.ref, ref: ref.ref, remote: repo.cloneURL,
            message: commit.message, timestamp: commit.timestamp, author: commit.authorName,
            authorAvatar: Gravatar.url(email: commit.authorEmail), authorEmail: commit.authorEmail,
            linkURL: repo.linkURL)
    }
}
