/// A named secret, opened, as the plan of a job meets it.
package struct NamedSecret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    package var name: String
    package var value: String
    /// Events whose builds get it.
    package var events: Set<Event>
    /// Patterns of the images whose steps get it; empty for all steps.
    package var images: [String]

    package init(name: String, value: String, events: Set<Event>, images: [String] = []) {
        self.name = name
        self.value = value
        self.events = events
        self.images = images
    }

    /// Never the value.
    package var description: String { "secret \(name)" }
    package var debugDescription: String { description }

    /// Shorter values cannot be masked: too much of a log would be.
    package static let minimumCharacters = 4
}
