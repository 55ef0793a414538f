package import Core
import Postgres

/// A build whose status its forge is to be told.
package struct WaitingStatus: Sendable {
    package var buildID: Int64
    /// Grows with each change of the build.
    package var changes: Int64
    /// Failures in a row.
    package var tries: Int
}

/// What to tell of a build.
package struct StatusToTell: Sendable {
    package var number: Int64
    package var event: Event
    package var status: Status
    package var commit: String
    /// The forge's id of the deployment that it is of.
    package var deployment: Int64?
    package var forgeID: Int64
    package var path: RepoPath
    /// A newer build has its place beside the commit.
    package var isReplaced: Bool
}

extension Store {
    /// Takes the oldest status to tell, for `seconds`. nil: there is none that is due.
    package func claimStatus(seconds: Int) async throws -> WaitingStatus? {
        guard let row = try await session.first(.claim, [.int(seconds)]) else { return nil }
        var columns = row.columns
        return WaitingStatus(buildID: try columns.next(), changes: try columns.next(), tries: try columns.next())
    }

    /// nil: the build or its repository is gone.
    package func statusToTell(buildID: Int64) async throws -> StatusToTell? {
        guard let row = try await session.first(.read, [.int(buildID)]) else { return nil }
        var columns = row.columns
        let number: Int64 = try columns.next()
        let event = Event(stored: try columns.next())
        let status = Status(stored: try columns.next())
        let commit: String = try columns.next()
        let deployment: Int64? = try columns.next()
        let forgeID: Int64 = try columns.next()
        let owner: String = try columns.next()
        let name: String = try columns.next()
        let forge: String = try columns.next()
        let path = RepoPath(forge: try columns.next() ? nil : forge, owner: owner, name: name)
        return StatusToTell(
            number: number, event: event, status: status, commit: commit, deployment: deployment, forgeID: forgeID,
            path: path, isReplaced: try columns.next())
    }

    /// False: the build has changed meanwhile, and is to be told of again.
    package func statusWasTold(_ status: WaitingStatus) async throws -> Bool {
        try await session.execute(.told, [.int(status.buildID), .int(status.changes)]) > 0
    }

    package func tellStatusAgain(_ status: WaitingStatus, tries: Int, milliseconds: Int) async throws {
        _ = try await session.execute(.again, [.int(status.buildID), .int(tries), .int(milliseconds)])
    }
}

extension Statement {
    fileprivate static let claim = Statement(stored: "statuses.claim")
    fileprivate static let read = Statement(stored: "statuses.read")
    fileprivate static let told = Statement(stored: "statuses.told")
    fileprivate static let again = Statement(stored: "statuses.again")
}
