/// What a user may do with a repository, or a member with a tenant's repositories. Each level includes those before it.
package enum Level: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    case none
    case read
    case write
    case admin

    package static func < (left: Level, right: Level) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .none: 0
        case .read: 1
        case .write: 2
        case .admin: 3
        }
    }
}
