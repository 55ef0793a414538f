/// The name of an image, `golang:1.9` or `registry.example.com:5000/team/tool@sha256:…`, taken apart.
struct ImageName: Sendable, Hashable, CustomStringConvertible {
    /// As it was written.
    let description: String
    /// All before the tag.
    let repository: String
    /// A tag, or a digest with its algorithm. Never empty: without a tag an engine would pull them all.
    let tag: String

    /// - Throws: `AgentError.imageUnavailable` when it cannot be one.
    init(_ text: String) throws {
        guard Self.isName(text) else {
            throw AgentError(.imageUnavailable, "\(text.isEmpty ? "an empty text" : text) is no name of an image")
        }
        description = text
        if let at = text.firstIndex(of: "@") {
            let name = text[..<at]
            repository = String(Self.colon(in: name).map { name[..<$0] } ?? name)
            tag = String(text[text.index(after: at)...])
        } else if let colon = Self.colon(in: text[...]) {
            repository = String(text[..<colon])
            tag = String(text[text.index(after: colon)...])
        } else {
            repository = text
            tag = "latest"
        }
    }

    /// Whose credentials it is pulled with, as `docker login` names it: the first part, where that is a host.
    var registry: String {
        let parts = repository.split(separator: "/", maxSplits: 1)
        guard parts.count == 2, parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost" else {
            return Self.dockerHub
        }
        return ["docker.io", "index.docker.io"].contains(parts[0]) ? Self.dockerHub : String(parts[0])
    }

    static let dockerHub = "https://index.docker.io/v1/"

    /// Of the tag: one before a slash is of a port.
    private static func colon(in text: Substring) -> Substring.Index? {
        text.lastIndex(of: ":").flatMap { text[$0...].contains("/") ? nil : $0 }
    }

    /// Nothing that would be more than a name in a URL's path.
    private static func isName(_ text: String) -> Bool {
        guard (1...500).contains(text.utf8.count) else { return false }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            guard let first = part.utf8.first else { return false }
            return isLetterOrDigit(first)
                && part.utf8.allSatisfy { isLetterOrDigit($0) || "._-:@+".utf8.contains($0) }
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
