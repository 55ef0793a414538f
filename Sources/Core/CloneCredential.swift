/// What one job's clone is allowed with. Good for a short time, and for nobody's eyes.
package struct CloneCredential: Sendable, Hashable, Codable, CustomStringConvertible, CustomReflectable {
    package var username: String
    package var password: String

    package init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    /// Never the password.
    package var description: String { "credential of \(username)" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}
