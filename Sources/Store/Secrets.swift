package import Core
package import FoundationEssentials
import Postgres
import Sealing

/// Where a named secret is kept: with a tenant, or with one of its repositories.
package struct SecretPlace: Sendable, Hashable {
    package var tenantID: Int64
    /// nil: the tenant itself.
    package var repoID: Int64?

    package init(tenantID: Int64, repoID: Int64? = nil) {
        self.tenantID = tenantID
        self.repoID = repoID
    }

    /// The first two parameters of every statement on secrets.
    fileprivate var parameters: [Parameter] { [.int(tenantID), .int(repoID ?? 0)] }
}

/// A named secret as lists show it: without the value.
package struct SecretRecord: Sendable, Hashable, Identifiable {
    package var id: Int64
    package var name: String
    package var events: [Event]
    /// Patterns; empty for all images.
    package var images: [String]
    package var createdBy: String
    package var createdAt: Date
    package var updatedAt: Date

    init(row: Row) throws {
        var columns = row.columns
        id = try columns.next()
        name = try columns.next()
        events = try columns.next([String].self).map(Event.init(stored:))
        images = try columns.next()
        createdBy = try columns.next()
        createdAt = try columns.next()
        updatedAt = try columns.next()
    }
}

/// What to change of a secret; nil leaves it as it is.
package struct SecretChange: Sendable, Redacted {
    package var value: String?
    package var events: [Event]?
    package var images: [String]?

    package init(value: String? = nil, events: [Event]? = nil, images: [String]? = nil) {
        self.value = value
        self.events = events
        self.images = images
    }
}

extension Store {
    /// Secrets of a place by name ignoring case, those after `name` in that order.
    package func secrets(_ place: SecretPlace, after name: String, limit: Int) async throws -> [SecretRecord] {
        try await session.query(.listSecrets, place.parameters + [.text(name), .int(limit)])
            .map(SecretRecord.init(row:))
    }

    /// How many secrets a place has. In a transaction no other can be made in it until that ends.
    package func lockedSecretCount(_ place: SecretPlace) async throws -> Int {
        _ = try await session.first(.lockSecretPlace, [.int(place.tenantID)])
        return try await session.first(.countSecrets, place.parameters)?.decode(at: 0) ?? 0
    }

    /// Seals and stores a secret. nil: the place has one of that name, in some case.
    package func createSecret(_ place: SecretPlace, _ secret: NamedSecret, by login: String) async throws
        -> SecretRecord?
    {
        guard let id: Int64 = try await session.first(.nextSecretID, [])?.decode(at: 0) else {
            throw AccessError.notFound("No id could be drawn.")
        }
        let sealed = try keyRing.seal(Array(secret.value.utf8), context: SealingContext.secret(id: id))
        let parameters: [Parameter] = [
            .int(id), .text(secret.name), .bytes(sealed.bytes), .text(sealed.keyID),
            .texts(secret.events.map(\.rawValue).sorted()), .texts(secret.images), .text(login),
        ]
        return try await session.first(.createSecret, place.parameters + parameters).map(SecretRecord.init(row:))
    }

    /// Locks a secret until the transaction ends. nil: there is none of that name.
    package func lockSecret(_ place: SecretPlace, _ name: String) async throws -> SecretRecord? {
        try await session.first(.lockSecret, place.parameters + [.text(name)]).map(SecretRecord.init(row:))
    }

    package func updateSecret(_ place: SecretPlace, id: Int64, _ change: SecretChange) async throws -> SecretRecord? {
        let sealed = try change.value.map { try keyRing.seal(Array($0.utf8), context: SealingContext.secret(id: id)) }
        let parameters: [Parameter] = [
            .int(id), .bytes(sealed?.bytes), .text(sealed?.keyID), .texts(change.events?.map(\.rawValue)),
            .texts(change.images),
        ]
        return try await session.first(.updateSecret, place.parameters + parameters).map(SecretRecord.init(row:))
    }

    /// nil: there is none of that name.
    package func deleteSecret(_ place: SecretPlace, _ name: String) async throws -> SecretRecord? {
        try await session.first(.deleteSecret, place.parameters + [.text(name)]).map(SecretRecord.init(row:))
    }

    /// The named secrets that a build of the repository may ask for, opened: one of each name, the repository's before its
    /// tenant's.
    package func openSecrets(tenantID: Int64, repoID: Int64) async throws -> [NamedSecret] {
        try await session.query(.secretsOfBuild, [.int(tenantID), .int(repoID)]).map { row in
            var columns = row.columns
            let id: Int64 = try columns.next()
            let name: String = try columns.next()
            let bytes: [UInt8] = try columns.next()
            let sealed = Sealed(keyID: try columns.next(), bytes: bytes)
            let events = try columns.next([String].self).map(Event.init(stored:))
            let value = try keyRing.open(sealed, context: SealingContext.secret(id: id))
            return NamedSecret(
                name: name, value: String(decoding: value, as: UTF8.self), events: Set(events),
                images: try columns.next())
        }
    }
}

extension Statement {
    fileprivate static let secretsOfBuild = Statement(stored: "secrets.of_build")
    fileprivate static let listSecrets = Statement(stored: "secrets.list")
    fileprivate static let nextSecretID = Statement(stored: "secrets.next_id")
    fileprivate static let lockSecretPlace = Statement(stored: "secrets.lock_place")
    fileprivate static let countSecrets = Statement(stored: "secrets.count")
    fileprivate static let createSecret = Statement(stored: "secrets.create")
    fileprivate static let lockSecret = Statement(stored: "secrets.lock")
    fileprivate static let updateSecret = Statement(stored: "secrets.update")
    fileprivate static let deleteSecret = Statement(stored: "secrets.delete")
}
