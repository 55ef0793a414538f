/// How a repository is named in a URL: `owner/name`, or `forge:owner/name` for one that is not on the default forge.
package struct RepoPath: Sendable, Hashable, CustomStringConvertible {
    /// nil: the default forge.
    package var forge: String?
    /// With a GitLab subgroup, the full path, slashes included.
    package var owner: String
    package var name: String

    package init(forge: String? = nil, owner: String, name: String) {
        self.forge = forge
        self.owner = owner
        self.name = name
    }

    /// Reads the two path parameters of a URL, already percent-decoded. nil where no repository could have that name.
    package init?(owner: String, name: String) {
        let parts = owner.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let path =
            parts.count == 2
            ? RepoPath(forge: parts[0], owner: parts[1], name: name) : RepoPath(forge: nil, owner: owner, name: name)
        guard path.isValid else { return nil }
        self = path
    }

    package var fullName: String { "\(owner)/\(name)" }

    package var description: String {
        forge.map { "\($0):\(fullName)" } ?? fullName
    }

    /// Each part is 1 to 100 characters of letters, digits, `-`, `_`, `.` and, in the owner, `/` between parts; no part is
    /// `.` or `..`, starts with `-`, or holds anything a file system or a URL reads otherwise.
    package var isValid: Bool {
        let owners = owner.split(separator: "/", omittingEmptySubsequences: false)
        return owners.allSatisfy(Self.isValidPart) && Self.isValidPart(name[...]) && owner.utf8.count <= 255
            && (forge.map { Self.isValidPart($0[...]) } ?? true)
    }

    private static func isValidPart(_ part: Substring) -> Bool {
        (1...100).contains(part.utf8.count) && part != "." && part != ".." && !part.hasPrefix("-")
            && part.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
