/// Whether somebody has to allow a build before it runs, and whether they did.
package enum Approval: String, Sendable, Hashable, CaseIterable {
    /// Nobody has to.
    case none
    /// It waits: its jobs are not on the queue.
    case required
    case approved
    case declined
    case unknown

    package init(stored: String) {
        self = Approval(rawValue: stored) ?? .unknown
    }
}

/// Which builds of a repository have to be allowed.
package enum ApprovalRule: String, Sendable, Hashable, CaseIterable {
    case none
    /// Those of pull requests whose commits come from another repository.
    case forks
    case pullRequests = "pull_requests"
    case unknown

    package init(stored: String) {
        self = ApprovalRule(rawValue: stored) ?? .unknown
    }

    /// What an older server does not know holds back all that any rule would.
    package func applies(to event: Event, fromFork: Bool) -> Bool {
        switch self {
        case .none: false
        case .forks: fromFork
        case .pullRequests, .unknown: fromFork || event == .pullRequest
        }
    }
}
