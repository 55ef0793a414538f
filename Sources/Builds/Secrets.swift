package import Core
import Pipeline
package import Store

/// Whose named secrets are meant, and what people call the place.
package struct SecretOwner: Sendable {
    let place: SecretPlace
    let name: String
}

// Named secrets: their values go in and never come out, but into a build.
extension Engine {
    /// The repository's own. For those who may write to it.
    package func secretOwner(_ access: Access) -> SecretOwner {
        SecretOwner(
            place: SecretPlace(tenantID: access.repo.tenantID, repoID: access.repo.id),
            name: access.repo.path.description)
    }

    /// The tenant's own, for its administrators.
    package func secretOwner(_ name: TenantName, by caller: Caller) async throws -> SecretOwner {
        SecretOwner(
            place: SecretPlace(tenantID: try await administered(name, by: caller, to: "use its secrets")),
            name: name.name)
    }

    package func secrets(of owner: SecretOwner, after name: String, limit: Int) async throws -> [SecretRecord] {
        try await store.secrets(owner.place, after: name, limit: limit)
    }

    /// Throws `invalid`, and `conflict` for a name that is taken in any case.
    package func createSecret(_ secret: NamedSecret, of owner: SecretOwner, by caller: Caller) async throws
        -> SecretRecord
    {
        guard Self.isValid(secretName: secret.name) else {
            throw Refusal.invalid("name must be a letter or _, then letters, digits and _, 100 at most.")
        }
        let events = secret.events.isEmpty ? Self.usualEvents : secret.events
        try Self.check(SecretChange(value: secret.value, events: Array(events), images: secret.images))
        return try await store.transaction { store, _ in
            guard try await store.lockedSecretCount(owner.place) < Self.mostSecrets else {
                throw Refusal.conflict("\(owner.name) has \(Self.mostSecrets) secrets already: delete one first.")
            }
            var secret = secret
            secret.events = events
            guard let made = try await store.createSecret(owner.place, secret, by: caller.user.login) else {
                throw Refusal.conflict("\(owner.name) has a secret \(secret.name) already.")
            }
            try await store.record(
                AuditEntry(
                    by: caller.actor, tenantID: owner.place.tenantID, "secret.create", owner.object(made.name),
                    after: made.auditFields))
            return made
        }
    }

    package func changeSecret(_ name: String, of owner: SecretOwner, _ change: SecretChange, by caller: Caller)
        async throws -> SecretRecord
    {
        try Self.check(change)
        return try await store.transaction { store, _ in
            guard let old = try await store.lockSecret(owner.place, name),
                let new = try await store.updateSecret(owner.place, id: old.id, change)
            else { throw owner.noSecret(name) }
            var (before, after) = AuditFields.changes(from: old.auditFields, to: new.auditFields)
            if change.value != nil {
                before["value"] = "sealed"
                after["value"] = "changed"
            }
            if !after.isEmpty {
                try await store.record(
                    AuditEntry(
                        by: caller.actor, tenantID: owner.place.tenantID, "secret.update", owner.object(new.name),
                        before: before, after: after))
            }
            return new
        }
    }

    package func deleteSecret(_ name: String, of owner: SecretOwner, by caller: Caller) async throws {
        try await store.transaction { store, _ in
            guard let old = try await store.deleteSecret(owner.place, name) else { throw owner.noSecret(name) }
            try await store.record(
                AuditEntry(
                    by: caller.actor, tenantID: owner.place.tenantID, "secret.delete", owner.object(old.name),
                    before: old.auditFields))
        }
    }

    private static func check(_ change: SecretChange) throws {
        if let value = change.value {
            guard value.count >= NamedSecret.minimumCharacters else {
                throw Refusal.invalid(
                    "value must have at least \(NamedSecret.minimumCharacters) characters: a shorter one cannot be masked in logs."
                )
            }
            guard value.utf8.count <= 64 << 10, !value.utf8.contains(0) else {
                throw Refusal.invalid("value must be at most 64 KiB of text, without the character NUL.")
            }
        }
        if let events = change.events {
            guard !events.isEmpty, !events.contains(.unknown) else {
                throw Refusal.invalid("events must be some of push, pull_request, tag and deployment.")
            }
        }
        if let images = change.images {
            guard images.count <= 50, images.allSatisfy({ $0.utf8.count <= 200 && Glob($0) != nil }) else {
                throw Refusal.invalid("images must be at most 50 patterns of 1 to 200 bytes.")
            }
        }
    }

    private static func isValid(secretName name: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        return (1...100).contains(name.utf8.count) && name.utf8.first.map(isLetter) == true
            && name.utf8.allSatisfy { isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// Pull requests have to be asked for.
    private static let usualEvents: Set<Event> = [.push, .tag, .deployment]
    /// In one place: a build opens them all.
    private static let mostSecrets = 500
}

extension SecretOwner {
    fileprivate func object(_ secret: String) -> String { "\(name) secret \(secret)" }

    fileprivate func noSecret(_ secret: String) -> AccessError { .notFound("\(name) has no secret \(secret).") }
}

extension SecretRecord {
    fileprivate var auditFields: AuditFields {
        ["name": .text(name), "events": .list(events.map(\.rawValue)), "images": .list(images)]
    }
}
