/// The owner of repositories, keyed by its forge and the forge's id of it.
package struct Tenant: Sendable, Hashable, Identifiable {
    package var id: Int64
    package var forgeID: Int64
    package var name: String

    package init(id: Int64, forgeID: Int64, name: String) {
        self.id = id
        self.forgeID = forgeID
        self.name = name
    }
}

/// A user's role in a tenant.
package struct Member: Sendable, Hashable {
    package var login: String
    package var role: Level

    package init(login: String, role: Level) {
        self.login = login
        self.role = role
    }
}
