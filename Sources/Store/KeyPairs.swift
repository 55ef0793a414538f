import Postgres
package import Sealing

extension Store {
    /// Stores a repository's new key pair, its private half sealed.
    package func createKeyPair(repoID: Int64, _ pair: KeyPair) async throws {
        guard let row = try await session.first(.nextKeyPairID, []) else {
            throw AccessError.notFound("No id could be drawn.")
        }
        let id: Int64 = try row.decode(at: 0)
        let sealed = try keyRing.seal(Array(pair.privatePEM.utf8), context: SealingContext.privateKey(id: id))
        let parameters: [Parameter] = [
            .int(id), .int(repoID), .text(pair.keyID), .text(pair.sshPublicKey), .bytes(sealed.bytes),
            .text(sealed.keyID),
        ]
        _ = try await session.execute(.createKeyPair, parameters)
    }

    /// How many pairs a repository has had. In a transaction, nobody else makes one until that ends.
    package func lockedKeyPairCount(repoID: Int64) async throws -> Int {
        guard try await session.first(.lockRepoOfKeys, [.int(repoID)]) != nil else {
            throw AccessError.notFound("The repository is gone.")
        }
        return try await session.first(.countKeyPairs, [.int(repoID)])?.decode(at: 0) ?? 0
    }

    /// The public half of the newest pair, as an SSH key.
    package func publicKey(repoID: Int64) async throws -> String? {
        try await session.first(.newestKey, [.int(repoID)])?.decode(at: 0)
    }

    /// A repository's key pairs, newest first.
    package func keyPairs(repoID: Int64) async throws -> [KeyPair] {
        try await session.query(.privateHalves, [.int(repoID)]).map { row in
            var columns = row.columns
            let id: Int64 = try columns.next()
            let bytes: [UInt8] = try columns.next()
            let sealed = Sealed(keyID: try columns.next(), bytes: bytes)
            let pem = try keyRing.open(sealed, context: SealingContext.privateKey(id: id))
            return try KeyPair(privatePEM: String(decoding: pem, as: UTF8.self))
        }
    }

    /// Refuses to go on with a key ring that is not the one this database was sealed with: throws `wrongKey` for a key of a
    /// known id that is another key, and `unknownKey` for one that something is sealed with and the ring lacks. New keys are
    /// written down.
    package func checkKeyRing() async throws {
        for id in try await keysInUse() where !keyRing.keyIDs.contains(id) { throw SealingError.unknownKey(id) }
        for id in keyRing.keyIDs { try await register(key: id) }
        for row in try await session.query(.sealingKeys, []) {
            var columns = row.columns
            let id: String = try columns.next()
            let expected: [UInt8] = try columns.next()
            guard keyRing.keyIDs.contains(id) else { continue }
            try keyRing.verify(checkValue: expected, of: id)
        }
    }

    private func register(key id: String) async throws {
        let value = try keyRing.checkValue(of: id)
        try await transaction { store, _ in
            guard try await store.session.execute(.registerKey, [.text(id), .bytes(value)]) > 0 else { return }
            try await store.record(AuditEntry(by: .system, tenantID: nil, "key.register", id, after: ["id": .text(id)]))
        }
    }
}

extension Statement {
    fileprivate static let nextKeyPairID = Statement(stored: "keys.next_id")
    fileprivate static let createKeyPair = Statement(stored: "keys.create")
    fileprivate static let lockRepoOfKeys = Statement(stored: "keys.lock_repo")
    fileprivate static let countKeyPairs = Statement(stored: "keys.count")
    fileprivate static let newestKey = Statement(stored: "keys.newest")
    fileprivate static let privateHalves = Statement(stored: "keys.private_halves")
    fileprivate static let registerKey = Statement(stored: "keys.register_sealing_key")
    fileprivate static let sealingKeys = Statement(stored: "keys.sealing_keys")
}
