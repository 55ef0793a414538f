/// How a transaction sees others (PostgreSQL documentation, 13.2).
package enum Isolation: String, Sendable {
    case readCommitted = "read committed"
    case repeatableRead = "repeatable read"
    case serializable

    var begin: Statement { Statement(name: "begin", sql: "begin isolation level \(rawValue)") }
}
