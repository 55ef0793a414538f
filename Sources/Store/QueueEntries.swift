package import Core
package import FoundationEssentials
import Postgres

/// A job on the queue, and why it stands there.
package struct QueueEntry: Sendable, Hashable, Identifiable {
    /// Why a job may not be claimed.
    package enum Hold: String, Sendable, Hashable {
        /// Nobody has counted yet.
        case new
        /// No agent that could run it was heard of.
        case agent
        case tenant
        case repository
        case group
        case unknown
    }

    /// The job's.
    package var id: Int64
    package var repo: RepoPath
    package var build: Int64
    package var job: Int
    package var isRunning: Bool
    package var hold: Hold?
    package var priority: Int
    package var enqueuedAt: Date
    /// What its agent must have.
    package var labels: Variables
    /// Who has it.
    package var agent: String?
    package var group: ConcurrencyGroup?
    package var repositoryLimit: Int?
    package var tenantLimit: Int?
    /// Of one that waits: whether an agent that fits is heard of and not paused. nil: none that fits is heard of.
    package var hasAgent: Bool?

    init(row: Row) throws {
        var columns = row.columns
        id = try columns.next()
        repo = RepoPath(forge: try columns.next(), owner: try columns.next(), name: try columns.next())
        build = try columns.next()
        job = try columns.next()
        isRunning = try columns.next()
        let hold: String? = try columns.next()
        self.hold = hold.map { Hold(rawValue: $0) ?? .unknown }
        priority = try columns.next()
        enqueuedAt = try columns.next()
        labels = try Variables(from: &columns)
        agent = try columns.next()
        group = try ConcurrencyGroup(from: &columns)
        repositoryLimit = try columns.next()
        tenantLimit = try columns.next()
        hasAgent = try columns.next()
    }
}

extension Store {
    /// Jobs on the queue with an id above `after`, by id: of everybody for administrators of the server, else of the tenants the
    /// caller is a member of.
    package func queue(of caller: Caller, after: Int64, limit: Int) async throws -> [QueueEntry] {
        let rows =
            if caller.isAdministrator {
                try await session.query(.queue, [.int(after), .int(limit)])
            } else {
                try await session.query(.queueOfMember, [.int(after), .int(limit), .int(caller.token.id)])
            }
        return try rows.map(QueueEntry.init(row:))
    }
}

extension Statement {
    fileprivate static let queue = Statement(stored: "queue.list")
    fileprivate static let queueOfMember = Statement(stored: "queue.list_of_member")
}
