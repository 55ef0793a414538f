package import Core
package import FoundationEssentials
import Postgres

/// A tenant with its limits, and what its new repositories start with.
package struct TenantRecord: Sendable, Hashable, Identifiable {
    package var id: Int64
    /// nil on the default forge.
    package var forge: String?
    package var forgeName: String
    package var name: String
    package var displayName: String
    package var createdAt: Date
    /// How many repositories may be active; nil: no limit.
    package var maximumRepositories: Int?
    /// Minutes that no job may run longer than; nil: no limit.
    package var maximumTimeout: Int?
    /// Minutes, 1 to 1440.
    package var defaultTimeout: Int
    package var allows: Repo.Allowed
    /// How many of its jobs may run at once; nil: no limit.
    package var maximumRunning: Int?

    /// How the tenant is named in a URL.
    package var path: String { forge.map { "\($0):\(name)" } ?? name }

    init(from columns: inout ColumnReader) throws {
        id = try columns.next()
        forge = try columns.next()
        forgeName = try columns.next()
        name = try columns.next()
        displayName = try columns.next()
        createdAt = try columns.next()
        maximumRepositories = try columns.next()
        maximumTimeout = try columns.next()
        defaultTimeout = try columns.next()
        allows = Repo.Allowed(
            pullRequests: try columns.next(), pushes: try columns.next(), deployments: try columns.next(),
            tags: try columns.next())
        maximumRunning = try columns.next()
    }

    init(row: Row) throws {
        var columns = row.columns
        try self.init(from: &columns)
    }
}

/// What to change of a tenant; nil leaves it as it is. A limit of 0 is none.
package struct TenantChange: Sendable {
    package var displayName: String?
    package var maximumRepositories: Int?
    package var maximumTimeout: Int?
    package var defaultTimeout: Int?
    package var allowPullRequests: Bool?
    package var allowPushes: Bool?
    package var allowDeployments: Bool?
    package var allowTags: Bool?
    package var maximumRunning: Int?

    package init() {}
}
