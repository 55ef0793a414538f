import Core

extension GitForge {
    /// The real path of the bare repository, always under the real path of the root. nil: there is none.
    func folder(of path: RepoPath) -> String? {
        guard path.isValid, !path.reachesIntoRepository, let root = Files.realPath(root),
            let folder = Files.realPath("\(root)/\(path.fullName).git"), folder.hasPrefix("\(root)/"),
            GitForge.isRepository(folder)
        else { return nil }
        return folder
    }

    func existingFolder(of path: RepoPath) throws(ForgeError) -> String {
        guard let folder = folder(of: path) else {
            throw ForgeError(.noRepository, "there is no repository \(path.fullName)")
        }
        return folder
    }

    /// Every repository under the root that Skep could be asked about.
    func repositories() -> [RepoPath] {
        repositories(under: "", depth: 1)
    }

    private func repositories(under owner: String, depth: Int) -> [RepoPath] {
        Files.names(in: "\(root)/\(owner)").flatMap { name -> [RepoPath] in
            let inner = owner.isEmpty ? name : "\(owner)/\(name)"
            if name.hasSuffix(".git") {
                let path = RepoPath(forge: forge, owner: owner, name: String(name.dropLast(4)))
                return folder(of: path) == nil ? [] : [path]
            }
            let isOwner = depth <= Self.deepestOwner && Files.isFolder("\(root)/\(inner)")
            return isOwner ? repositories(under: inner, depth: depth + 1) : []
        }
    }

    /// Folders of an owner with subgroups that are looked through: a link in a circle must end somewhere.
    private static let deepestOwner = 8

    private static func isRepository(_ folder: String) -> Bool {
        Files.exists("\(folder)/HEAD") && Files.isFolder("\(folder)/objects")
    }
}

extension RepoPath {
    /// Whether an owner is a folder inside a repository, whose names those who push may choose.
    fileprivate var reachesIntoRepository: Bool {
        owner.split(separator: "/").contains { $0.lowercased().hasSuffix(".git") }
    }
}
