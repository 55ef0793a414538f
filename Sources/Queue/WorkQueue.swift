package import Core
package import Postgres
import SQL

/// Work that waits for somebody to do it, and who has it. What the work is, the queue does not know.
///
/// Times are the database's. Every method is one statement, so that it can take part in a caller's transaction.
package struct WorkQueue: Sendable {
    /// Seconds a claim lasts until its first heartbeat: short, so that a claim whose reply was lost comes back soon.
    package static let firstLease = 5

    let session: any Session

    package init(_ session: any Session) {
        self.session = session
    }

    /// Puts work on the queue. `attempt` is the number of the last attempt at it, 0 for new work.
    package func enqueue(_ item: NewItem) async throws {
        try await enqueue([item])
    }

    /// Those of one tenant, class and priority have their turns in order.
    package func enqueue(_ items: [NewItem]) async throws {
        guard !items.isEmpty else { return }
        let parameters: [Parameter] = [
            .ints(items.map(\.id)), .ints(items.map(\.classID)), .ints(items.map(\.tenantID)),
            .ints(items.map(\.repoID)),
            .ints(items.map(\.priority)), .ints(items.map(\.attempt)), .optionalTexts(items.map { $0.group?.name }),
            .ints(items.map { $0.group?.limit ?? 0 }),
        ]
        _ = try await session.execute(.enqueue, parameters)
    }

    /// Leases the best waiting work whose labels are among `labels` (a JSON object), of one tenant or of all. nil: none waits.
    package func claim(labels: String, holder: Int64, tenantID: Int64?) async throws -> Claim? {
        let parameters: [Parameter] = [.json(labels), .int(holder), .int(Self.firstLease)]
        let claimed =
            if let tenantID {
                try await session.first(.claimOfTenant, parameters + [.int(tenantID)])
            } else {
                try await session.first(.claim, parameters)
            }
        guard let row = claimed else { return nil }
        var columns = row.columns
        return Claim(id: try columns.next(), attempt: try columns.next())
    }

    /// In a transaction: keeps the lease from being given away until it ends. False: it was given away before.
    package func hold(_ claim: Claim) async throws -> Bool {
        try await session.first(.hold, [.int(claim.id), .int(claim.attempt)]) != nil
    }

    /// Prolongs a lease to `seconds` from now. False: it was given away.
    package func renew(_ claim: Claim, seconds: Int) async throws -> Bool {
        try await session.first(.renew, [.int(claim.id), .int(claim.attempt), .int(seconds)]) != nil
    }

    /// Takes done work off. False: somebody else has it.
    package func finish(_ claim: Claim) async throws -> Bool {
        try await session.execute(.finish, [.int(claim.id), .int(claim.attempt)]) > 0
    }

    /// Takes work off that nobody has. False: somebody has it, or it is gone.
    package func withdraw(id: Int64) async throws -> Bool {
        try await session.execute(.withdraw, [.int(id)]) > 0
    }

    /// Leases that ran out. Who rescues one must take it first.
    package func expired(limit: Int) async throws -> [Claim] {
        try await session.query(.expired, [.int(limit)]).map { row in
            var columns = row.columns
            return Claim(id: try columns.next(), attempt: try columns.next())
        }
    }

    /// Removes a lease that is still expired. nil: its holder was heard of, or another server rescues it.
    package func takeExpired(_ claim: Claim) async throws -> ExpiredLease? {
        guard let row = try await session.first(.takeExpired, [.int(claim.id), .int(claim.attempt)]) else { return nil }
        var columns = row.columns
        return ExpiredLease(claim: claim, started: try columns.next(), losses: try columns.next())
    }

    /// Lets others have the work. `lost` counts against it.
    package func release(_ claim: Claim, lost: Bool) async throws -> Bool {
        _ = try await session.execute(.dropLease, [.int(claim.id), .int(claim.attempt)])
        return try await session.execute(.release, [.int(claim.id), .int(claim.attempt), .int(lost ? 1 : 0)]) > 0
    }
}

/// Work to put on the queue.
package struct NewItem: Sendable {
    package var id: Int64
    package var classID: Int64
    package var tenantID: Int64
    package var repoID: Int64
    package var priority: Int
    package var attempt: Int
    /// nil: the item is in no group.
    package var group: ConcurrencyGroup?

    package init(
        id: Int64, classID: Int64, tenantID: Int64, repoID: Int64, priority: Int = 0, attempt: Int = 0,
        group: ConcurrencyGroup? = nil
    ) {
        self.group = group
        self.id = id
        self.classID = classID
        self.tenantID = tenantID
        self.repoID = repoID
        self.priority = priority
        self.attempt = attempt
    }
}

/// The right to do a piece of work; the attempt number fences those who had it before.
package struct Claim: Sendable, Hashable {
    package var id: Int64
    package var attempt: Int

    package init(id: Int64, attempt: Int) {
        self.id = id
        self.attempt = attempt
    }
}

/// A lease whose holder was not heard of in time.
package struct ExpiredLease: Sendable, Hashable {
    package var claim: Claim
    /// A heartbeat had come, so the work may have been begun.
    package var started: Bool
    /// How many started attempts were lost before.
    package var losses: Int
}

extension Statement {
    private init(queue name: String) {
        self.init(name: "queue.\(name)", sql: SQL.query("queue.\(name)"))
    }

    static let makeClocks = Statement(queue: "make_clocks")
    static let moveFloors = Statement(queue: "move_floors")
    static let bringUp = Statement(queue: "bring_up")
    static let tenantsHeld = Statement(queue: "tenants_held")
    static let lockTenant = Statement(queue: "lock_tenant")
    static let admit = Statement(queue: "admit")
    static let holdReady = Statement(queue: "hold_ready")
    fileprivate static let enqueue = Statement(queue: "enqueue")
    fileprivate static let claim = Statement(queue: "claim")
    fileprivate static let claimOfTenant = Statement(queue: "claim_of_tenant")
    fileprivate static let hold = Statement(queue: "hold")
    fileprivate static let renew = Statement(queue: "renew")
    fileprivate static let finish = Statement(queue: "finish")
    fileprivate static let withdraw = Statement(queue: "withdraw")
    fileprivate static let expired = Statement(queue: "expired")
    fileprivate static let takeExpired = Statement(queue: "take_expired")
    fileprivate static let release = Statement(queue: "release")
    fileprivate static let dropLease = Statement(queue: "drop_lease")
}
