package import Core

/// A place where repositories live: it is asked about them, and it tells of what happens to them.
///
/// Every call may throw `ForgeError`; one that `mayPass` is worth repeating. Hooks throw `HookError`.
package protocol ForgeClient: Sendable {
    /// What the forge knows of a repository. nil: there is none, or none that could be seen.
    func repository(at path: RepoPath) async throws -> ForgeRepository?

    /// Makes the forge tell of pushes to `target.path`. Doing it again replaces URL and secret.
    func installHook(_ target: HookTarget) async throws

    /// Takes back what `installHook` did and nothing else. No error where there is nothing to take back.
    func removeHook(at path: RepoPath) async throws

    /// The file of that name, from the root of the tree of `commit`. nil: not there.
    ///
    /// - Parameter commit: a whole object name; an annotated tag stands for the commit it names.
    /// - Throws: `ForgeError` with code `tooLarge` over `ForgeLimits.file` bytes.
    func file(_ name: String, at commit: String, in path: RepoPath) async throws -> [UInt8]?

    /// The commit of that object name, or the one that the annotated tag of that name stands for. nil: not there.
    func commit(_ id: String, in path: RepoPath) async throws -> CommitInfo?

    /// A commit as `commit` finds it, and files of it: what a build is made of, asked for at once.
    func snapshot(of id: String, files names: [String], in path: RepoPath) async throws -> ForgeSnapshot?

    /// The files that differ between two commits, each once. nil: not to be told, or more than `ForgeLimits.changedPaths`.
    func changedPaths(from before: String, to after: String, in path: RepoPath) async throws -> [String]?

    /// What a job may clone that repository with, for an hour or so. nil: it needs nothing, or the forge gives none.
    func cloneCredential(for path: RepoPath) async throws -> CloneCredential?

    /// `refs/heads/*` and `refs/tags/*` with the object names that they hold, to be compared with those of earlier. None on a
    /// forge that tells of every push by itself.
    func references(in path: RepoPath) async throws -> [String: String]

    /// Reads from a hook request only what names its repository and itself. Nothing of it is verified yet.
    func identify(_ request: HookRequest) throws(HookError) -> HookIdentity

    /// Reads a hook request that was verified before, when it came.
    func read(_ request: HookRequest) throws(HookError) -> HookEvent

    /// Verifies a hook request with the secret of the repository that it names, and reads it.
    func parse(_ request: HookRequest, secret: String) throws(HookError) -> HookEvent
}

extension ForgeClient {
    package func changedPaths(from before: String, to after: String, in path: RepoPath) async throws -> [String]? {
        nil
    }

    package func cloneCredential(for path: RepoPath) async throws -> CloneCredential? { nil }

    package func references(in path: RepoPath) async throws -> [String: String] { [:] }
}

package enum ForgeLimits {
    /// Names of changed files that are looked at; of more, none is.
    package static let changedPaths = 3000
    /// Bytes of a file that Skep reads from a repository: 1 MiB.
    package static let file = 1 << 20
    /// Bytes of a hook request's body: what the largest forge sends at most.
    package static let hookBody = 25_000_000
}
