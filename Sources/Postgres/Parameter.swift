package import FoundationEssentials

/// A value for `$n`. It travels as text, whose type the server takes from the statement; bytes travel as they are.
///
/// PostgreSQL cannot store U+0000 in text: each one is replaced by U+FFFD, in `text`, `texts`, `optionalTexts` and `json`.
package enum Parameter: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case text(String)
    case bytes([UInt8])
    case uuid(UUID)
    /// Rounded to the microsecond; beyond what PostgreSQL can store it becomes `infinity` or `-infinity`.
    case timestamp(Date)
    case json(String)
    case ints([Int64])
    case texts([String])
    /// Each as `text`, or NULL.
    case optionalTexts([String?])
    /// Each as `timestamp`.
    case timestamps([Date])
}

extension Parameter {
    package static func int(_ value: Int) -> Parameter { .int(Int64(value)) }
    package static func int(_ value: Int?) -> Parameter { value.map { .int(Int64($0)) } ?? .null }
    package static func int(_ value: Int64?) -> Parameter { value.map { .int($0) } ?? .null }
    package static func int(_ value: Int32) -> Parameter { .int(Int64(value)) }
    package static func bool(_ value: Bool?) -> Parameter { value.map { .bool($0) } ?? .null }
    package static func double(_ value: Double?) -> Parameter { value.map { .double($0) } ?? .null }
    package static func text(_ value: String?) -> Parameter { value.map { .text($0) } ?? .null }
    package static func bytes(_ value: [UInt8]?) -> Parameter { value.map { .bytes($0) } ?? .null }
    package static func uuid(_ value: UUID?) -> Parameter { value.map { .uuid($0) } ?? .null }
    package static func timestamp(_ value: Date?) -> Parameter { value.map { .timestamp($0) } ?? .null }
    package static func json(_ value: String?) -> Parameter { value.map { .json($0) } ?? .null }
    package static func ints(_ value: [Int64]?) -> Parameter { value.map { .ints($0) } ?? .null }
    package static func ints(_ value: [Int]) -> Parameter { .ints(value.map(Int64.init)) }
    package static func texts(_ value: [String]?) -> Parameter { value.map { .texts($0) } ?? .null }
    /// An array as PostgreSQL writes one, for an element that a statement casts: arrays of arrays have to be all of one length.
    package static func arrayText(_ values: [String]) -> String { ArrayText.of(values) }
}

extension Parameter: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}
