import Core
package import FoundationEssentials
import Postgres

/// Who changed something.
package struct Actor: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case user
        /// Somebody at the command line, with the database's URL.
        case `operator`
        case forge
        case agent
        /// Skep itself.
        case system
        case unknown
    }

    package var kind: Kind
    /// The login, the operating system's user, the forge's or the agent's name.
    package var name: String
    package var userID: Int64?
    package var tokenID: Int64?

    package init(kind: Kind, name: String, userID: Int64? = nil, tokenID: Int64? = nil) {
        self.kind = kind
        self.name = name
        self.userID = userID
        self.tokenID = tokenID
    }

    package static func `operator`(_ name: String) -> Actor { Actor(kind: .operator, name: name) }
    package static func forge(_ name: String) -> Actor { Actor(kind: .forge, name: name) }
    package static let system = Actor(kind: .system, name: "skep")
}

extension Caller {
    package var actor: Actor { Actor(kind: .user, name: user.login, userID: user.id, tokenID: token.id) }
}

/// A change, for the audit. It is written in the change's own transaction, or it did not happen.
package struct AuditEntry: Sendable {
    package var actor: Actor
    /// Whose administrators see it; nil for what only administrators of the server see.
    package var tenantID: Int64?
    /// Noun and verb, such as `repo.update`.
    package var action: String
    /// What was changed, such as `octocat/hello-world`.
    package var object: String
    /// Fields that changed, as they were; none for what is new. Never a secret.
    package var before: AuditFields?
    /// Fields that changed, as they are; none for what is gone. Never a secret.
    package var after: AuditFields?

    package init(
        by actor: Actor, tenantID: Int64?, _ action: String, _ object: String, before: AuditFields? = nil,
        after: AuditFields? = nil
    ) {
        self.actor = actor
        self.tenantID = tenantID
        self.action = action
        self.object = object
        self.before = before
        self.after = after
    }
}

/// Names and values in an audit entry.
package struct AuditFields: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    package enum Value: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
        ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral
    {
        case text(String)
        case number(Int64)
        case bool(Bool)
        case list([String])
        case none

        package init(stringLiteral value: String) { self = .text(value) }
        package init(integerLiteral value: Int64) { self = .number(value) }
        package init(booleanLiteral value: Bool) { self = .bool(value) }
        package init(arrayLiteral elements: String...) { self = .list(elements) }

        package init(_ value: String?) { self = value.map(Value.text) ?? .none }
        package init(_ value: Int?) { self = value.map { .number(Int64($0)) } ?? .none }
        package init(_ value: Bool?) { self = value.map(Value.bool) ?? .none }
        package init(_ value: Date?) { self = value.map { .number(Int64($0.timeIntervalSince1970)) } ?? .none }

        var json: String {
            switch self {
            case .text(let text): text.filter { $0 != "\0" }.asJSON
            case .number(let number): String(number)
            case .bool(let bool): String(bool)
            case .list(let list): "[\(list.map(\.asJSON).joined(separator: ","))]"
            case .none: "null"
            }
        }
    }

    private(set) var values: [String: Value]

    package init(dictionaryLiteral elements: (String, Value)...) {
        values = Dictionary(elements, uniquingKeysWith: { $1 })
    }

    package init(_ values: [String: Value]) {
        self.values = values
    }

    package var isEmpty: Bool { values.isEmpty }

    package subscript(name: String) -> Value? {
        get { values[name] }
        set { values[name] = newValue }
    }

    /// The fields that differ between two states, as they were and as they are.
    package static func changes(from before: AuditFields, to after: AuditFields) -> (before: Self, after: Self) {
        let names = after.values.keys.filter { before.values[$0] != after.values[$0] }
        return (
            AuditFields(before.values.filter { names.contains($0.key) }),
            AuditFields(after.values.filter { names.contains($0.key) })
        )
    }

    var json: String {
        let members = values.sorted { $0.key < $1.key }.map { "\($0.key.asJSON):\($0.value.json)" }
        return "{\(members.joined(separator: ","))}"
    }
}

extension Store {
    /// Writes a change down. To be called in the transaction that makes it.
    package func record(_ entry: AuditEntry) async throws {
        let origin = Origin.current
        let parameters: [Parameter] = [
            .int(entry.tenantID), .text(entry.actor.kind.rawValue), .text(entry.actor.name), .int(entry.actor.userID),
            .int(entry.actor.tokenID), .text(origin?.address ?? ""), .text(entry.action), .text(entry.object),
            .text(entry.before?.json), .text(entry.after?.json), .text(origin?.requestID ?? ""),
        ]
        _ = try await session.execute(.recordAudit, parameters)
    }

    /// Writes down what differs between two states, if anything does.
    package func record(
        by actor: Actor, tenantID: Int64?, _ action: String, _ object: String, from old: AuditFields,
        to new: AuditFields
    ) async throws {
        let (before, after) = AuditFields.changes(from: old, to: new)
        guard !after.isEmpty else { return }
        try await record(AuditEntry(by: actor, tenantID: tenantID, action, object, before: before, after: after))
    }
}

extension Statement {
    fileprivate static let recordAudit = Statement(stored: "audit.record")
}
