import Postgres

extension Store {
    /// Repositories that were deleted and still have rows.
    package func reposToErase() async throws -> [Int64] {
        try await session.query(.toErase, []).map { try $0.decode(at: 0) }
    }

    /// Erases a batch of a deleted repository's builds, with their logs: those numbered from `first` on. Answers the number
    /// to go on from, or nil when the repository's row is gone too.
    package func erase(repoID: Int64, from first: Int64, batch: Int64 = 200) async throws -> Int64? {
        let last = try await session.first(.lastNumber, [.int(repoID)])?.decode(Int64.self, at: 0) ?? 0
        if first <= last {
            let parameters: [Parameter] = [.int(repoID), .int(first), .int(first + batch - 1)]
            _ = try await session.execute(.eraseSegments, parameters)
            _ = try await session.execute(.eraseBuilds, parameters)
            return first + batch
        }
        _ = try await session.execute(.eraseQueue, [.int(repoID)])
        _ = try await session.execute(.eraseDeliveries, [.int(repoID)])
        _ = try await session.execute(.eraseRepo, [.int(repoID)])
        return nil
    }
}

extension Statement {
    fileprivate static let toErase = Statement(stored: "repos.to_erase")
    fileprivate static let lastNumber = Statement(stored: "repos.last_number")
    fileprivate static let eraseSegments = Statement(stored: "repos.erase_segments")
    fileprivate static let eraseBuilds = Statement(stored: "repos.erase_builds")
    fileprivate static let eraseQueue = Statement(stored: "repos.erase_queue")
    fileprivate static let eraseDeliveries = Statement(stored: "repos.erase_deliveries")
    fileprivate static let eraseRepo = Statement(stored: "repos.erase")
}
