package import Core

extension GitForge {
    /// Writes `skep/hook.json` and `hooks/post-receive`. A hook of somebody else's is kept, and called by ours.
    package func installHook(_ target: HookTarget) async throws {
        let folder = try existingFolder(of: target.path)
        try await refuseHooksElsewhere(folder)
        try Files.makeFolder("\(folder)/skep", mode: 0o700)
        try Files.makeFolder("\(folder)/skep/spool", mode: 0o700)
        try HookConfiguration(repository: target.path.fullName, url: target.url, secret: target.secret).write(
            in: folder)
        let hook = InstalledHook(folder: folder)
        try hook.keepEarlier()
        try hook.write(PostReceive.script(executable: executable))
    }

    package func removeHook(at path: RepoPath) async throws {
        guard let folder = folder(of: path) else { return }
        try InstalledHook(folder: folder).restoreEarlier()
        try Files.remove("\(folder)/skep")
    }

    /// With `core.hooksPath` set git looks for hooks in a folder that other repositories may share.
    private func refuseHooksElsewhere(_ folder: String) async throws {
        let output = try await git.run(["config", "--get", "core.hooksPath"], gitDir: folder, outputLimit: 1 << 16)
        if output.code == 1 { return }
        guard output.code == 0 else { throw GitForge.broken(output) }
        throw ForgeError(
            .hookConflict, "core.hooksPath is set in the repository's config: Skep's hook would not be run")
    }
}

/// `hooks/post-receive` of one repository. At every moment either our hook or the earlier one stands there.
private struct InstalledHook {
    let folder: String

    private var path: String { "\(folder)/hooks/post-receive" }
    private var earlier: String { path + PostReceive.suffixOfEarlier }

    private var isOurs: Bool {
        get throws {
            // Not read: a link, which is never ours, may lead nowhere.
            try Files.exists(path) && !Files.isLink(path) && PostReceive.isOurs(Files.read(path, atMost: 4096))
        }
    }

    func keepEarlier() throws {
        guard try Files.exists(path) && !isOurs else { return }
        // The same file under both names: an installation that was cut off here.
        if Files.areSame(path, earlier) { return }
        if Files.exists(earlier) {
            throw ForgeError(
                .hookConflict,
                "hooks/post-receive was replaced since Skep kept the one before as "
                    + "post-receive\(PostReceive.suffixOfEarlier); remove one of the two")
        }
        try Files.link(path, as: earlier)
    }

    func write(_ script: String) throws(ForgeError) {
        if !Files.isFolder("\(folder)/hooks") { try Files.makeFolder("\(folder)/hooks", mode: 0o755) }
        try Files.write(Array(script.utf8), to: path, mode: 0o755)
    }

    func restoreEarlier() throws {
        guard try isOurs else { return }
        try Files.exists(earlier) ? Files.move(earlier, to: path) : Files.remove(path)
    }
}
