import Postgres
import Sealing

/// A kind of sealed value in the database.
package enum SealedKind: Sendable, Hashable, CaseIterable {
    case hookSecrets
    case privateKeys
    case secrets

    package var name: String {
        switch self {
        case .hookSecrets: "hook secrets"
        case .privateKeys: "private keys"
        case .secrets: "secrets"
        }
    }

    fileprivate var lock: Statement {
        switch self {
        case .hookSecrets: .lockHookSecrets
        case .privateKeys: .lockPrivateKeys
        case .secrets: .lockSecrets
        }
    }

    fileprivate var reseal: Statement {
        switch self {
        case .hookSecrets: .resealHookSecret
        case .privateKeys: .resealPrivateKey
        case .secrets: .resealSecret
        }
    }

    fileprivate func context(id: Int64) -> String {
        switch self {
        case .hookSecrets: SealingContext.hookSecret(repoID: id)
        case .privateKeys: SealingContext.privateKey(id: id)
        case .secrets: SealingContext.secret(id: id)
        }
    }
}

/// How much a key has sealed.
package struct KeyUse: Sendable, Hashable {
    package var keyID: String
    /// Counted up to `most`.
    package var counts: [SealedKind: Int]

    package static let most = 100_000

    package var isUsed: Bool { counts.values.contains { $0 > 0 } }
}

/// A batch that was sealed again.
package struct ResealedBatch: Sendable, Hashable {
    package var resealed = 0
    /// Ids of what the key does not open: it was changed by other means, and is lost.
    package var broken: [Int64] = []
    /// Where the next batch starts; nil: there is none.
    package var next: Int64?
}

extension Store {
    /// Ids of all keys that something in the database is sealed with.
    package func keysInUse() async throws -> [String] {
        try await session.query(.keysInUse, []).map { try $0.decode(at: 0) }
    }

    /// Ids of all keys that this database was ever sealed with.
    package func registeredKeys() async throws -> [String] {
        try await session.query(.registeredKeys, []).map { try $0.decode(at: 0) }
    }

    package func use(ofKey id: String) async throws -> KeyUse {
        guard let row = try await session.first(.useOfKey, [.text(id), .int(KeyUse.most)]) else {
            return KeyUse(keyID: id, counts: [:])
        }
        var columns = row.columns
        var counts: [SealedKind: Int] = [:]
        for kind in SealedKind.allCases { counts[kind] = try columns.next() }
        return KeyUse(keyID: id, counts: counts)
    }

    /// Seals with the ring's current key what `key` had sealed, ids above `id`, a batch of them in one short transaction. Whoever
    /// opens them meanwhile gets the old or the new; a row that somebody else is changing is left for a later call.
    package func reseal(_ kind: SealedKind, from key: String, after id: Int64, limit: Int) async throws -> ResealedBatch
    {
        try await transaction { store, _ in
            var batch = ResealedBatch()
            let rows = try await store.session.query(kind.lock, [.text(key), .int(id), .int(limit)])
            for row in rows {
                let id: Int64 = try row.decode(at: 0)
                let old = Sealed(keyID: key, bytes: try row.decode(at: 1))
                batch.next = id
                guard let new = try store.resealed(old, context: kind.context(id: id)) else {
                    batch.broken.append(id)
                    continue
                }
                batch.resealed += try await store.session.execute(
                    kind.reseal, [.int(id), .text(new.keyID), .bytes(new.bytes)])
            }
            if rows.count < limit { batch.next = nil }
            return batch
        }
    }

    /// nil: the key is there and does not open it.
    private func resealed(_ sealed: Sealed, context: String) throws -> Sealed? {
        do {
            return try keyRing.reseal(sealed, context: context)
        } catch SealingError.authenticationFailed {
            return nil
        } catch SealingError.malformed {
            return nil
        }
    }
}

extension Statement {
    fileprivate static let keysInUse = Statement(stored: "keys.in_use")
    fileprivate static let registeredKeys = Statement(stored: "keys.registered")
    fileprivate static let useOfKey = Statement(stored: "keys.use_of")
    fileprivate static let lockHookSecrets = Statement(stored: "keys.lock_hook_secrets")
    fileprivate static let lockPrivateKeys = Statement(stored: "keys.lock_private_keys")
    fileprivate static let lockSecrets = Statement(stored: "keys.lock_secrets")
    fileprivate static let resealHookSecret = Statement(stored: "keys.reseal_hook_secret")
    fileprivate static let resealPrivateKey = Statement(stored: "keys.reseal_private_key")
    fileprivate static let resealSecret = Statement(stored: "keys.reseal_secret")
}
