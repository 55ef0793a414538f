import Postgres

// Work that has a limit to keep is held when it is enqueued, and let through when somebody has counted.
extension WorkQueue {
    /// Tenants with held work.
    package func tenantsHeld() async throws -> [Int64] {
        try await session.query(.tenantsHeld, []).map { try $0.decode(at: 0) }
    }

    /// In a transaction: lets through what a tenant's limits allow, and notes why the rest is held. Answers how much was let
    /// through.
    package func admit(tenantID: Int64) async throws -> Int {
        guard try await session.first(.lockTenant, [.int(tenantID)]) != nil else { return 0 }
        return try await session.query(.admit, [.int(tenantID)]).filter { try $0.decode(Bool.self, at: 0) }.count
    }

    /// Counts a tenant's waiting work anew, after one of its limits has changed.
    package func holdReady(tenantID: Int64) async throws {
        _ = try await session.execute(.holdReady, [.int(tenantID)])
    }

    /// Moves on the turns that claims look from. False: all stand where they belong.
    @discardableResult package func moveFloors() async throws -> Bool {
        try await session.execute(.moveFloors, []) > 0
    }

    /// Finds what no claim would look at: what was enqueued too slowly, and by servers of before there were turns.
    package func bringUp() async throws {
        _ = try await session.execute(.makeClocks, [])
        _ = try await session.execute(.bringUp, [])
    }
}
