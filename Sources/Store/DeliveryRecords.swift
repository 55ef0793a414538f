package import Core
package import FoundationEssentials
import Postgres

/// A delivery as lists show it.
package struct DeliveryRecord: Sendable, Hashable, Identifiable {
    package var id: Int64
    /// The forge's id of it.
    package var key: String
    package var event: String
    package var receivedAt: Date
    /// `waiting`, `built`, `ignored` or `failed`.
    package var outcome: String
    /// Why there is no build, else empty.
    package var reason: String
    /// Numbers of the builds it made.
    package var builds: [Int64]
    package var tries: Int
    package var finishedAt: Date?
}

/// What a forge sent, to be handled once more.
package struct StoredDelivery: Sendable {
    package var event: String
    package var headers: Variables
    package var body: [UInt8]
    package var isWaiting: Bool
}

extension Store {
    /// Deliveries of a repository with an id below `before`, newest first.
    package func deliveries(repoID: Int64, before id: Int64, limit: Int) async throws -> [DeliveryRecord] {
        try await session.query(.list, [.int(repoID), .int(id), .int(limit)]).map { row in
            var columns = row.columns
            return DeliveryRecord(
                id: try columns.next(), key: try columns.next(), event: try columns.next(),
                receivedAt: try columns.next(), outcome: try columns.next(), reason: try columns.next(),
                builds: try columns.next(), tries: try columns.next(), finishedAt: try columns.next())
        }
    }

    /// nil: the repository has no such delivery, or not any more.
    package func delivery(repoID: Int64, id: Int64) async throws -> StoredDelivery? {
        guard let row = try await session.first(.find, [.int(repoID), .int(id)]) else { return nil }
        var columns = row.columns
        let event: String = try columns.next()
        let names: [String] = try columns.next()
        var headers = Variables()
        for (name, value) in zip(names, try columns.next([String].self)) { headers[name] = value }
        return StoredDelivery(
            event: event, headers: headers, body: try columns.next(), isWaiting: try columns.next())
    }
}

extension Statement {
    fileprivate static let list = Statement(stored: "deliveries.list")
    fileprivate static let find = Statement(stored: "deliveries.find")
}
