package import FoundationEssentials

/// A person or a service account that may sign in.
package struct User: Sendable, Hashable, Identifiable {
    package var id: Int64
    package var login: String
    package var email: String
    package var avatarURL: String
    package var admin: Bool
    package var active: Bool
    package var createdAt: Date
    /// Of a service account: the tenant it belongs to. nil for a person.
    package var tenantID: Int64?

    package init(
        id: Int64, login: String, email: String, avatarURL: String, admin: Bool, active: Bool, createdAt: Date,
        tenantID: Int64? = nil
    ) {
        self.id = id
        self.login = login
        self.email = email
        self.avatarURL = avatarURL
        self.admin = admin
        self.active = active
        self.createdAt = createdAt
        self.tenantID = tenantID
    }

    /// 1 to 100 printable ASCII characters, without space, slash, or what URLs reserve; `dependabot[bot]` is one.
    package static func isValid(login: String) -> Bool {
        (1...100).contains(login.utf8.count) && login != "." && login != ".."
            && login.utf8.allSatisfy { (0x21...0x7E).contains($0) && !Array("/\\?#%&\"'<>`:;,".utf8).contains($0) }
    }

    /// At most 254 bytes (RFC 5321, 4.5.3.1.3), one `@` with something on both sides, no space or control character.
    /// Empty means none.
    package static func isValid(email: String) -> Bool {
        if email.isEmpty { return true }
        guard email.utf8.count <= 254, email.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return false }
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty
    }
}
