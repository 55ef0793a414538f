import Core
import Forge
import Foundation
import Logging
import Synchronization

/// A plain-git forge without git: it has every commit that is asked for, and fails when the test says so.
final class ScriptedForge: ForgeClient {
    struct State: Sendable {
        var file: String? = "build:\n  image: busybox\n  commands: [echo hi]\n"
        /// `.drone.sec`
        var sealed: String?
        var messages: [String: String] = [:]
        var missing: Set<String> = []
        var failure: ForgeError?
        /// Failures still to come; then the forge is well again.
        var failures = 0
        /// Of every two commits.
        var changedPaths: [String]? = ["README.md"]
        /// For every repository.
        var credential: CloneCredential?
        /// Instead of that.
        var credentialFailure: ForgeError?
        /// Commits in the order they were asked for.
        var asked: [String] = []
    }

    let state = Mutex(State())
    /// Reads hooks: those are the real thing.
    private let git = GitForge(root: "/nonexistent", executable: "/nonexistent", logger: Logger(label: "test"))

    func repository(at path: RepoPath) async throws -> ForgeRepository? {
        ForgeRepository(
            owner: path.owner, name: path.name, forgeRepoID: path.fullName, forgeTenantID: path.owner,
            cloneURL: "file:///r",
            linkURL: "", defaultBranch: "main", isPrivate: true, avatarURL: "")
    }

    func installHook(_ target: HookTarget) async throws {}
    func removeHook(at path: RepoPath) async throws {}
    func references(in path: RepoPath) async throws -> [String: String] { [:] }

    func file(_ name: String, at commit: String, in path: RepoPath) async throws -> [UInt8]? {
        state.withLock { state in
            (name == ".drone.sec" ? state.sealed : state.file).map { Array($0.utf8) }
        }
    }

    func commit(_ id: String, in path: RepoPath) async throws -> CommitInfo? {
        try state.withLock { state in
            state.asked.append(id)
            if state.failures > 0, let failure = state.failure {
                state.failures -= 1
                throw failure
            }
            if state.missing.contains(id) { return nil }
            let message = state.messages[id] ?? "Change"
            return CommitInfo(
                id: id, title: message, message: message, authorName: "Ada", authorEmail: "ada@example.com",
                timestamp: Date(timeIntervalSince1970: 1_700_000_000))
        }
    }

    func changedPaths(from before: String, to after: String, in path: RepoPath) async throws -> [String]? {
        state.withLock { $0.changedPaths }
    }

    func cloneCredential(for path: RepoPath) async throws -> CloneCredential? {
        try state.withLock { state in
            if let failure = state.credentialFailure { throw failure }
            return state.credential
        }
    }

    func identify(_ request: HookRequest) throws(HookError) -> HookIdentity { try git.identify(request) }
    func read(_ request: HookRequest) throws(HookError) -> HookEvent { try git.read(request) }
    func parse(_ request: HookRequest, secret: String) throws(HookError) -> HookEvent {
        try git.parse(request, secret: secret)
    }
}
