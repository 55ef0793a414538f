/// Where something stands in the file: line and column count from 1, the column in Unicode scalars.
struct Place: Sendable, Hashable {
    var line: Int
    var column: Int

    static let start = Place(line: 1, column: 1)
}

/// Why a `.drone.yml` makes no jobs: where to look, and what to change there.
package struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    /// From 1.
    package let line: Int
    /// From 1, in Unicode scalars.
    package let column: Int
    /// One sentence or two for the author of the file; says what to change.
    package let message: String

    package init(line: Int, column: Int, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }

    init(at place: Place, _ message: String) {
        self.init(line: place.line, column: place.column, message: message)
    }

    package var description: String { "line \(line), column \(column): \(message)" }
}

/// Text of the file as a message shows it: in quotes, on one line, at most 60 characters of it.
func quoted(_ text: String) -> String {
    let line = text.prefix { !$0.isNewline }
    let short = line.prefix(60)
    return "\"\(short)\(short.count < text.count ? "…" : "")\""
}
