package import Core

/// A commit, and what files of the root of its tree hold.
package struct ForgeSnapshot: Sendable {
    package enum File: Sendable, Equatable {
        case none
        case bytes([UInt8])
        /// Over `ForgeLimits.file` bytes.
        case tooLarge
    }

    package var commit: CommitInfo
    /// In the order asked for.
    package var files: [File]

    package init(commit: CommitInfo, files: [File]) {
        self.commit = commit
        self.files = files
    }
}

extension ForgeClient {
    package func snapshot(of id: String, files names: [String], in path: RepoPath) async throws -> ForgeSnapshot? {
        try await snapshotOneByOne(of: id, files: names, in: path)
    }

    func snapshotOneByOne(of id: String, files names: [String], in path: RepoPath) async throws -> ForgeSnapshot? {
        guard let commit = try await commit(id, in: path) else { return nil }
        var files: [ForgeSnapshot.File] = []
        for name in names {
            do {
                files.append(try await file(name, at: commit.id, in: path).map { .bytes($0) } ?? .none)
            } catch let error as ForgeError where error.code == .tooLarge {
                files.append(.tooLarge)
            }
        }
        return ForgeSnapshot(commit: commit, files: files)
    }
}
