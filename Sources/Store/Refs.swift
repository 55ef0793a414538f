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

    package func ref(repoID: Int64, _ ref: String) async throws -> String? {
        try await session.first(.findRef, [.int(repoID), .text(ref)])?.decode(at: 0)
    }

    /// nil: the ref is gone.
    package func setRef(repoID: Int64, _ ref: String, to commit: String?) async throws {
        if let commit {
            _ = try await session.execute(.putRef, [.int(repoID), .text(ref), .text(commit)])
        } else {
            _ = try await session.execute(.deleteRef, [.int(repoID), .text(ref)])
        }
    }
}

extension Statement {
    fileprivate static let listRefs = Statement(stored: "refs.list")
    fileprivate static let findRef = Statement(stored: "refs.find")
    fileprivate static let putRef = Statement(stored: "refs.put")
    fileprivate static let deleteRef = Statement(stored: "refs.delete")
}
