import Postgres

extension Store {
    /// Where the repository's refs stood when Skep last heard of them.
    package func refs(repoID: Int64) async throws -> [String: String] {
        var refs: [String: String] = [:]
        for row in try await session.query(.listRefs, [.int(repoID)]) {
            refs[try row.decode(at: 0)] = try row.decode(String.self, at: 1)
        }
        return refs
    }

    /// Those of the refs that Skep has heard of.
    package func refs(repoID: Int64, named names: [String]) async throws -> [String: String] {
        var refs: [String: String] = [:]
        for row in try await session.query(.findRefs, [.int(repoID), .texts(names)]) {
            refs[try row.decode(at: 0)] = try row.decode(String.self, at: 1)
        }
        return refs
    }

    /// A commit of nil: the ref is gone.
    package func setRefs(repoID: Int64, _ refs: [String: String?]) async throws {
        // In one order, so that two that set the same refs do not lock each other out.
        let there = refs.compactMap { ref, commit in commit.map { (ref: ref, commit: $0) } }.sorted { $0.ref < $1.ref }
        let gone = refs.filter { $0.value == nil }.keys.sorted()
        if !there.isEmpty {
            let parameters: [Parameter] = [.int(repoID), .texts(there.map(\.ref)), .texts(there.map(\.commit))]
            _ = try await session.execute(.putRefs, parameters)
        }
        if !gone.isEmpty { _ = try await session.execute(.deleteRefs, [.int(repoID), .texts(gone)]) }
    }
}

extension Statement {
    fileprivate static let listRefs = Statement(stored: "refs.list")
    fileprivate static let findRefs = Statement(stored: "refs.find")
    fileprivate static let putRefs = Statement(stored: "refs.put")
    fileprivate static let deleteRefs = Statement(stored: "refs.delete")
}
