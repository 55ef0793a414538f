package import Core

extension GitForge {
    package func file(_ name: String, at commit: String, in path: RepoPath) async throws -> [UInt8]? {
        guard ObjectName.isWhole(commit), GitForge.couldBeFile(name) else { return nil }
        do {
            let object = try await object("\(commit):\(name)", limit: ForgeLimits.file, in: path)
            return object?.type == "blob" ? object?.bytes : nil
        } catch let error as ForgeError where error.code == .tooLarge {
            throw ForgeError(.tooLarge, "\(name) is over \(ForgeLimits.file) bytes")
        }
    }

    package func commit(_ id: String, in path: RepoPath) async throws -> CommitInfo? {
        guard ObjectName.isWhole(id) else { return nil }
        guard let object = try await object("\(id)^{commit}", limit: 1 << 20, in: path) else { return nil }
        guard let commit = CommitInfo(id: object.name, raw: object.bytes) else {
            throw ForgeError(.broken, "commit \(object.name) cannot be read")
        }
        return commit
    }

    /// By the two trees: what a force push took away is a difference too.
    package func changedPaths(from before: String, to after: String, in path: RepoPath) async throws -> [String]? {
        guard ObjectName.isWhole(before), ObjectName.isWhole(after), !ObjectName.isNone(before) else { return nil }
        let arguments = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", before, after, "--"]
        do {
            let output = try await git.run(arguments, gitDir: existingFolder(of: path), outputLimit: 1 << 20)
            // One of the commits is gone.
            guard output.code == 0 else { return nil }
            let names = output.bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            return names.count > ForgeLimits.changedPaths ? nil : names
        } catch let error as ForgeError where error.code == .tooLarge {
            return nil
        }
    }

    /// Relative parts would be resolved by git, or end it; a newline would be a second question, and a return is dropped.
    static func couldBeFile(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return name.utf8.count <= 4096 && !name.utf8.contains(UInt8(ascii: "\n")) && !name.utf8.contains(0)
            && name.utf8.last != UInt8(ascii: "\r")
            && parts.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
    }

    /// - Parameter limit: bytes of the object; more is `ForgeError.tooLarge`.
    private func object(_ expression: String, limit: Int, in path: RepoPath) async throws -> GitObject? {
        let output = try await git.run(
            ["cat-file", "--batch"], gitDir: existingFolder(of: path), input: "\(expression)\n",
            outputLimit: limit + GitObject.headerLimit)
        guard output.code == 0 else { throw GitForge.broken(output) }
        if let object = GitObject(batchOutput: output.bytes) {
            if object.bytes.count > limit {
                throw ForgeError(.tooLarge, "object \(object.name) is over \(limit) bytes")
            }
            return object
        }
        // A damaged object is "missing" too, but then git complains.
        let isOtherType = output.complaint.contains("expected commit type")
        guard output.complaint.isEmpty || isOtherType else { throw GitForge.broken(output) }
        return nil
    }
}

/// One answer of `git cat-file --batch`.
struct GitObject {
    var name: String
    var type: String
    var bytes: [UInt8]

    static let headerLimit = 128

    init(name: String, type: String, bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.bytes = bytes
    }

    /// nil for an answer without an object, such as `… missing`.
    init?(batchOutput output: [UInt8]) {
        guard let end = output.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let fields = String(decoding: output[..<end], as: UTF8.self).split(separator: " ").map(String.init)
        guard fields.count == 3, ObjectName.isWhole(fields[0]), let size = Int(fields[2]),
            output.count == end + 1 + size + 1
        else { return nil }
        name = fields[0]
        type = fields[1]
        bytes = Array(output[(end + 1)...].dropLast())
    }
}
