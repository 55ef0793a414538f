/// A named SQL text with `$1`, `$2` … for its parameters.
///
/// The name is constant ("builds.find"): it stands in errors and logs, so it must never hold a value.
package struct Statement: Sendable, Hashable {
    package let name: String
    package let sql: String

    package init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }

    /// Of the name alone: it tells statements apart as well as their whole text, and is shorter.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}
