/// What a listener hears.
package enum ListenEvent: Sendable, Hashable {
    /// LISTEN stands, for the first time or again. Whatever was sent before may be lost: look at the tables.
    case connected
    /// The payload of one notification.
    case notification(String)
}
