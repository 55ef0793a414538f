package import Core
import FoundationEssentials

/// A forge with an API and accounts of its own.
package protocol HostedForge: ForgeClient {
    /// What a user may do with a repository. `none` also for a user or repository that is not there.
    func level(of login: String, in path: RepoPath) async throws -> Level

    /// The repositories of whoever the token is of, with what they may do, by name. At most some thousand.
    func repositories(of token: String) async throws -> [(repository: ForgeRepository, level: Level)]

    /// Shows a build's status on its commit. No error where the commit or the repository is gone.
    func post(_ status: CommitStatus, in path: RepoPath) async throws
}

/// What a forge is to show beside a commit.
package struct CommitStatus: Sendable, Hashable {
    package var commit: String
    package var status: Status
    /// Which of several that a commit may have; the next one with the same context takes its place.
    package var context: String
    /// One line; cut to what the forge takes.
    package var description: String
    /// The build's page.
    package var targetURL: String
    /// The deployment on the forge that the build is of. nil: none.
    package var deployment: Int64?

    package init(
        commit: String, status: Status, context: String, description: String, targetURL: String,
        deployment: Int64? = nil
    ) {
        self.commit = commit
        self.status = status
        self.context = context
        self.description = description
        self.targetURL = targetURL
        self.deployment = deployment
    }
}

extension ForgeAddress {
    /// What agents may clone with, under the name that the forge wants for a token.
    func cloneCredential(username: String) -> CloneCredential? {
        cloneToken.map { CloneCredential(username: username, password: $0) }
    }
}

extension CommitInfo {
    /// From what a forge's API says: text is Unicode there already, but may hold NUL.
    init(id: String, text: String, name: String?, email: String?, timestamp: String?) throws(ForgeError) {
        guard ObjectName.isWhole(id) else { throw ForgeError(.broken, "the forge's answer holds no object name") }
        let message = text.withoutNUL.trimmingNewlines
        self.init(
            id: id, title: message.split(whereSeparator: \.isNewline).first.map(String.init) ?? "", message: message,
            authorName: name?.withoutNUL ?? "", authorEmail: email?.withoutNUL ?? "",
            timestamp: timestamp.flatMap(\.asTime) ?? Date(timeIntervalSince1970: 0))
    }
}

extension String {
    fileprivate var withoutNUL: String { utf8.contains(0) ? replacing("\0", with: "\u{FFFD}") : self }

    /// Reads a time as forges write it (RFC 3339), with or without a fraction. nil: it is none.
    var asTime: Date? {
        let plain = Date.ISO8601FormatStyle()
        return (try? plain.parse(self)) ?? (try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(self))
    }
}
