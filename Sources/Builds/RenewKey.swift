import Core
import Sealing
package import Store

extension Engine {
    /// Gives the repository a new key pair. Secrets that were encrypted with the old one open still: it is kept for old commits.
    ///
    /// Answers the new public key as SSH writes it.
    package func renewKey(_ access: Access, by caller: Caller) async throws -> String {
        let repo = access.repo
        let pair = try await KeyPair.generated()
        return try await store.transaction { store, _ in
            guard try await store.lockedKeyPairCount(repoID: repo.id) < Self.mostKeyPairs else {
                throw Refusal.conflict("\(repo.path) has had \(Self.mostKeyPairs) keys, which is all it can have.")
            }
            try await store.createKeyPair(repoID: repo.id, pair)
            try await store.record(
                AuditEntry(
                    by: caller.actor, tenantID: repo.tenantID, "repo.renew_key", repo.path.description,
                    after: ["kid": .text(pair.keyID)]))
            return pair.sshPublicKey
        }
    }

    /// A build may have to try them all.
    private static let mostKeyPairs = 100
}
