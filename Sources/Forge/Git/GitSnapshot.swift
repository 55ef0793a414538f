package import Core

extension GitForge {
    /// All with one question to git, whose start is what takes time. What is out of the ordinary is asked one by one, which finds
    /// the words for it. An object never changes: what was found is kept, so that a commit that comes on several refs, or again,
    /// is asked for once.
    package func snapshot(of id: String, files names: [String], in path: RepoPath) async throws -> ForgeSnapshot? {
        let question = SnapshotQuestion(path: path, id: id, names: names)
        if let known = snapshots[question] { return known }
        if let snapshot = try await ordinarySnapshot(of: id, files: names, in: path) {
            snapshots.keep(snapshot, for: question, cost: snapshot.cost)
            return snapshot
        }
        return try await snapshotOneByOne(of: id, files: names, in: path)
    }

    private func ordinarySnapshot(of id: String, files names: [String], in path: RepoPath) async throws
        -> ForgeSnapshot?
    {
        guard ObjectName.isWhole(id), names.allSatisfy(Self.couldBeFile) else { return nil }
        let questions = ["\(id)^{commit}"] + names.map { "\(id):\($0)" }
        guard
            let output = try? await git.run(
                ["cat-file", "--batch"], gitDir: existingFolder(of: path),
                input: questions.joined(separator: "\n") + "\n", outputLimit: 1 << 20),
            output.code == 0, output.complaint.isEmpty
        else { return nil }
        var answers = output.bytes[...]
        guard case .object(let first)? = GitAnswer(from: &answers), first.type == "commit",
            let commit = CommitInfo(id: first.name, raw: first.bytes)
        else { return nil }
        var files: [ForgeSnapshot.File] = []
        for _ in names {
            switch GitAnswer(from: &answers) {
            case .object(let object)?: files.append(object.type == "blob" ? .bytes(object.bytes) : .none)
            case .missing?: files.append(.none)
            case nil: return nil
            }
        }
        return ForgeSnapshot(commit: commit, files: files)
    }
}

/// What of which commit was asked for.
struct SnapshotQuestion: Hashable, Sendable {
    var path: RepoPath
    var id: String
    var names: [String]
}

extension ForgeSnapshot {
    /// Bytes, roughly.
    fileprivate var cost: Int {
        files.reduce(1024 + commit.message.utf8.count) { sum, file in
            if case .bytes(let bytes) = file { sum + bytes.count } else { sum }
        }
    }
}

/// One answer of several of `git cat-file --batch`.
private enum GitAnswer {
    case object(GitObject)
    case missing

    /// Takes the answer off the front. nil where there is no whole one.
    init?(from bytes: inout ArraySlice<UInt8>) {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let fields = bytes[..<end].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        bytes = bytes[(end + 1)...]
        if fields.last == "missing" {
            self = .missing
            return
        }
        guard fields.count == 3, ObjectName.isWhole(fields[0]), let size = Int(fields[2]), bytes.count > size else {
            return nil
        }
        self = .object(GitObject(name: fields[0], type: fields[1], bytes: Array(bytes.prefix(size))))
        bytes = bytes.dropFirst(size + 1)
    }
}
