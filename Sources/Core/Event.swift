/// What happened on the forge that a build answers.
package enum Event: String, Sendable, Hashable, Codable, CaseIterable {
    case push
    case pullRequest = "pull_request"
    case tag
    case deployment
    case unknown

    package init(stored: String) {
        self = Event(rawValue: stored) ?? .unknown
    }
}
