/// When a repository's jobs run, beside others'.
package struct Scheduling: Sendable, Hashable {
    /// -10 to 10: jobs of a higher priority go before all of a lower one.
    package var priority: Int
    /// How many of its jobs may run at once; nil: no limit.
    package var maximumRunning: Int?
    /// A push cancels what runs for earlier pushes to the same branch.
    package var cancelsPushes: Bool
    /// New commits of a pull request cancel what runs for its earlier ones.
    package var cancelsPullRequests: Bool

    package init(
        priority: Int = 0, maximumRunning: Int? = nil, cancelsPushes: Bool = false, cancelsPullRequests: Bool = false
    ) {
        self.priority = priority
        self.maximumRunning = maximumRunning
        self.cancelsPushes = cancelsPushes
        self.cancelsPullRequests = cancelsPullRequests
    }

    package static let priorities = -10...10

    /// Whether builds for some events cancel earlier ones.
    package var cancelsAny: Bool { cancelsPushes || cancelsPullRequests }

    /// Whether a build for this event cancels earlier ones of the same ref.
    package func cancels(_ event: Event) -> Bool {
        switch event {
        case .push: cancelsPushes
        case .pullRequest: cancelsPullRequests
        case .tag, .deployment, .unknown: false
        }
    }
}

/// Jobs of a repository of which only so many run at once.
package struct ConcurrencyGroup: Sendable, Hashable {
    package var name: String
    /// At least 1.
    package var limit: Int

    package init(name: String, limit: Int) {
        self.name = name
        self.limit = limit
    }
}
