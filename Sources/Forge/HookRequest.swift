package import Core

/// A hook request as it arrived, nothing of it verified.
package struct HookRequest: Sendable {
    package var headers: [(name: String, value: String)]
    /// The raw bytes: signatures are over these.
    package var body: [UInt8]
    package var query: [String: String]

    package init(headers: [(String, String)], body: [UInt8], query: [String: String] = [:]) {
        self.headers = headers.map { (name: $0.0, value: $0.1) }
        self.body = body
        self.query = query
    }

    /// The first header of that name, in whatever case (RFC 9110, 5.1).
    package subscript(header name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}

/// What a hook request says of itself, before it is verified.
package struct HookIdentity: Sendable, Hashable {
    package var repo: RepoPath
    /// The forge's own id of the repository, which stays when it is renamed. nil: it has none but its path.
    package var forgeRepoID: String?
    /// The same for a repeated delivery. 1 to 100 printable ASCII characters.
    package var deliveryID: String
    /// The forge's word for what happened, such as `push`.
    package var event: String

    package init(repo: RepoPath, forgeRepoID: String? = nil, deliveryID: String, event: String) {
        self.repo = repo
        self.forgeRepoID = forgeRepoID
        self.deliveryID = deliveryID
        self.event = event
    }
}

/// Where a forge is to send the events of a repository, and what it signs them with.
package struct HookTarget: Sendable {
    package var path: RepoPath
    package var url: String
    package var secret: String

    package init(path: RepoPath, url: String, secret: String) {
        self.path = path
        self.url = url
        self.secret = secret
    }
}
