package import FoundationEssentials

/// A commit as history shows it. All text is valid Unicode without NUL: what was not is U+FFFD.
package struct CommitInfo: Sendable, Hashable {
    /// The whole object name of the commit, also where a tag was asked for.
    package var id: String
    /// The first line of the message.
    package var title: String
    /// The whole message, without newlines at its end.
    package var message: String
    package var authorName: String
    package var authorEmail: String
    /// When it was committed.
    package var timestamp: Date

    package init(
        id: String, title: String, message: String, authorName: String, authorEmail: String, timestamp: Date
    ) {
        self.id = id
        self.title = title
        self.message = message
        self.authorName = authorName
        self.authorEmail = authorEmail
        self.timestamp = timestamp
    }
}
