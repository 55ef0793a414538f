/// Where a build, a job, an attempt or a step stands.
///
/// A new server may write a value that an older one does not know; `unknown` stands for it and is never written.
package enum Status: String, Sendable, Hashable, Codable, CaseIterable {
    case pending
    case running
    case success
    case failure
    case killed
    case error
    /// A step that was not run because an earlier one failed.
    case skipped
    case unknown

    package init(stored: String) {
        self = Status(rawValue: stored) ?? .unknown
    }

    package var isFinished: Bool {
        switch self {
        case .success, .failure, .killed, .error, .skipped: true
        case .pending, .running, .unknown: false
        }
    }

    /// The status of a build whose jobs have these: `pending` until one has started, `running` while one is
    /// unfinished, then the first of error, killed, failure, success that a job has.
    package static func ofBuild(jobs: some Collection<Status>) -> Status {
        if jobs.isEmpty { return .error }
        if jobs.allSatisfy({ $0 == .pending }) { return .pending }
        if !jobs.allSatisfy(\.isFinished) { return .running }
        return [.error, .killed, .failure].first(where: jobs.contains) ?? .success
    }

    /// Whether a job may go from this status to `next`. A finished job moves only by a restart, to `pending`.
    package func mayBecome(_ next: Status) -> Bool {
        switch (self, next) {
        case (.pending, .running), (.pending, .killed), (.pending, .error): true
        case (.running, .pending): true
        case (.running, _): next.isFinished
        case (_, .pending): isFinished
        default: false
        }
    }
}
