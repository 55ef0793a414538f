package import FoundationEssentials

/// One run of a repository's pipeline for one commit.
package struct Build: Sendable, Hashable, Identifiable {
    package var id: Int64
    package var number: Int64
    package var event: Event
    package var status: Status
    package var createdAt: Date
    package var enqueuedAt: Date
    package var startedAt: Date?
    package var finishedAt: Date?
    /// The environment a deployment goes to, else empty.
    package var deployTo: String
    package var change: Change
    /// The number of the build this one is a copy of.
    package var parent: Int64?
    /// Why there is no job to look at: a broken `.drone.yml`, say. Empty otherwise.
    package var error: String
    /// A pull request whose commits come from another repository: it gets no secrets.
    package var fromFork: Bool
    package var approval: Approval
    /// Login of who approved or declined it, else empty.
    package var approvalBy: String

    package init(
        id: Int64, number: Int64, event: Event, status: Status, createdAt: Date, enqueuedAt: Date, startedAt: Date?,
        finishedAt: Date?, deployTo: String, change: Change, parent: Int64?, error: String, fromFork: Bool = false,
        approval: Approval = .none, approvalBy: String = ""
    ) {
        self.id = id
        self.number = number
        self.event = event
        self.status = status
        self.createdAt = createdAt
        self.enqueuedAt = enqueuedAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.deployTo = deployTo
        self.change = change
        self.parent = parent
        self.error = error
        self.fromFork = fromFork
        self.approval = approval
        self.approvalBy = approvalBy
    }
}

/// What was pushed, proposed, tagged or deployed.
package struct Change: Sendable, Hashable, Codable {
    /// The full object name of the commit.
    package var commit: String
    package var branch: String
    package var ref: String
    package var refspec: String
    /// Where to fetch `ref` from.
    package var remote: String
    package var title: String
    package var message: String
    /// The commit's own time.
    package var timestamp: Date
    package var author: String
    package var authorAvatar: String
    package var authorEmail: String
    package var linkURL: String

    package init(
        commit: String, branch: String, ref: String, refspec: String = "", remote: String = "", title: String = "",
        message: String = "", timestamp: Date, author: String = "", authorAvatar: String = "",
        authorEmail: String = "", linkURL: String = ""
    ) {
        self.commit = commit
        self.branch = branch
        self.ref = ref
        self.refspec = refspec
        self.remote = remote
        self.title = title
        self.message = message
        self.timestamp = timestamp
        self.author = author
        self.authorAvatar = authorAvatar
        self.authorEmail = authorEmail
        self.linkURL = linkURL
    }
}
