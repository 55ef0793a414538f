import Core
import Forge
import Store

/// Where a repository's refs stand, while deliveries move them.
///
/// On plain git a push may be told of twice, by the hook and by the comparison of refs at start-up: it is built once.
struct RefMoves {
    private let repoID: Int64
    /// nil: the forge's own ids of deliveries are enough.
    private var known: [String: String]?
    private var moved: [String: String?] = [:]

    init(of changes: [RefChange], _ repo: Repo, _ forges: Forges, _ store: Store) async throws {
        repoID = repo.id
        guard !changes.isEmpty, try forges.with(id: repo.forgeID).kind == "git" else { return }
        known = try await store.refs(repoID: repo.id, named: Array(Set(changes.map(\.ref))))
    }

    /// Why the change makes nothing: it was seen before. nil: it is new, and seen now.
    mutating func reasonToPass(_ change: RefChange) -> String? {
        guard let known else { return nil }
        guard known[change.ref] != change.after else {
            return "\(change.ref) was known to be at \(change.after ?? "nothing")"
        }
        self.known?[change.ref] = change.after
        moved[change.ref] = .some(change.after)
        return nil
    }

    func write(to store: Store) async throws {
        try await store.setRefs(repoID: repoID, moved)
    }
}

extension PreparedDelivery {
    /// The refs that it is about.
    var movedRefs: [RefChange] {
        if case .refs(let changes) = self { changes.map(\.ref) } else { [] }
    }
}
