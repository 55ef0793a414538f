package import Core
import Foundation
package import Logging

/// A folder of bare repositories, `ROOT/{owner}/{name}.git`, on the machine of the server.
///
/// One question to git takes 7 ms (debug build, 2 busy cores), nearly all of it starting the program.
package struct GitForge: ForgeClient {
    let root: String
    let executable: String
    let forge: String?
    let git: GitProgram
    let logger: Logger
    /// 16 MiB of what commits hold, by the object's whole name.
    let snapshots = BoundedCache<SnapshotQuestion, ForgeSnapshot>(limit: 16 << 20)

    /// - Parameters:
    ///   - root: the folder; it may come into being later.
    ///   - executable: absolute path of the `skep` program, for the hooks to run.
    ///   - forge: the name of this forge in URLs; nil for the default one.
    ///   - git: the program's name or absolute path.
    package init(root: String, executable: String, forge: String? = nil, git: String = "git", logger: Logger) {
        self.root = root
        self.executable = executable
        self.forge = forge
        self.git = GitProgram(name: git)
        self.logger = logger
    }

    package func repository(at path: RepoPath) async throws -> ForgeRepository? {
        guard let folder = folder(of: path) else { return nil }
        return ForgeRepository(
            owner: path.owner,
            name: path.name,
            forgeRepoID: path.fullName,
            forgeTenantID: path.owner.split(separator: "/").first.map(String.init) ?? path.owner,
            cloneURL: URL(fileURLWithPath: folder, isDirectory: false).absoluteString,
            linkURL: "",
            defaultBranch: try await defaultBranch(of: folder),
            isPrivate: true,
            avatarURL: ""
        )
    }

    /// What HEAD names; `master`, git's own default, where HEAD names a commit.
    private func defaultBranch(of folder: String) async throws -> String {
        let output = try await git.run(["symbolic-ref", "--quiet", "HEAD"], gitDir: folder, outputLimit: 1 << 16)
        switch output.code {
        case 0: return String(decoding: output.bytes, as: UTF8.self).trimmingNewlines.dropping(prefix: "refs/heads/")
        case 1: return "master"
        default: throw GitForge.broken(output)
        }
    }

    package func references(in path: RepoPath) async throws -> [String: String] {
        let arguments = ["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags"]
        let output = try await git.run(arguments, gitDir: existingFolder(of: path), outputLimit: 64 << 20)
        guard output.code == 0 else { throw GitForge.broken(output) }
        let pairs = output.bytes.split(separator: UInt8(ascii: "\n")).map { line in
            let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 1)
            return (String(decoding: parts[1], as: UTF8.self), String(decoding: parts[0], as: UTF8.self))
        }
        // Two names that differ only in bytes that are not UTF-8 read alike; either will do.
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    /// What moved between `lastSeen` and now, sorted by ref.
    ///
    /// Empty the spool first. A push whose hook is still on its way also shows here: what both tell has the same refs
    /// and object names.
    package func changes(since lastSeen: [String: String], in path: RepoPath) async throws -> [RefChange] {
        let now = try await references(in: path)
        return Set(now.keys).union(lastSeen.keys).sorted().compactMap { ref in
            lastSeen[ref] == now[ref] ? nil : RefChange(ref: ref, before: lastSeen[ref], after: now[ref])
        }
    }

    static func broken(_ output: GitProgram.Output) -> ForgeError {
        ForgeError(.broken, "git could not read the repository", detail: output.complaint.trimmingNewlines)
    }
}
