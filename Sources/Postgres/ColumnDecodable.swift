package import FoundationEssentials

/// What a column can be read as. An enum with a raw value gets it by naming the protocol.
package protocol ColumnDecodable {
    /// The value of a cell that is not NULL.
    static func decode(_ cell: Cell) throws(CellError) -> Self
    /// The value of NULL: an error unless the type has one.
    static func decodeNull() throws(CellError) -> Self
}

extension ColumnDecodable {
    package static func decodeNull() throws(CellError) -> Self { throw CellError("it is NULL") }
}

extension ColumnDecodable where Self: RawRepresentable, RawValue: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Self {
        guard let value = Self(rawValue: try RawValue.decode(cell)) else { throw CellError("the value is not known") }
        return value
    }
}

extension Optional: ColumnDecodable where Wrapped: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Wrapped? { try Wrapped.decode(cell) }
    package static func decodeNull() throws(CellError) -> Wrapped? { nil }
}

extension Bool: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Bool {
        guard cell.type == .bool else { throw .otherType }
        return try cell.number(UInt8.self) != 0
    }
}

extension Int64: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Int64 { try cell.integer() }
}

extension Int: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Int { try cell.integer(Int.self) }
}

extension Int32: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Int32 { try cell.integer(Int32.self) }
}

extension Int16: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Int16 { try cell.integer(Int16.self) }
}

extension Double: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Double {
        switch cell.type {
        case .float8: Double(bitPattern: try cell.number(UInt64.self))
        case .float4: Double(Float(bitPattern: try cell.number(UInt32.self)))
        default: throw .otherType
        }
    }
}

extension String: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> String { try cell.string() }
}

extension UUID: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> UUID {
        guard cell.type == .uuid else { throw .otherType }
        guard cell.bytes.count == 16 else { throw CellError("it has \(cell.bytes.count) bytes") }
        return UUID(uuid: cell.bytes.loadUnaligned(as: uuid_t.self))
    }
}

/// Dates and times are microseconds or days since the year 2000; a time without zone counts as UTC.
/// `infinity` becomes `distantFuture`, `-infinity` becomes `distantPast`.
extension Date: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Date {
        switch cell.type {
        case .timestamptz, .timestamp: Timestamp.date(microseconds: try cell.number(Int64.self))
        case .date: Timestamp.date(days: try cell.number(Int32.self))
        default: throw .otherType
        }
    }
}

/// An interval of days and less; one with months has no fixed length and is refused.
extension Duration: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Duration {
        guard cell.type == .interval else { throw .otherType }
        guard cell.bytes.count == 16 else { throw CellError("it has \(cell.bytes.count) bytes") }
        let days = Int32(bigEndian: cell.bytes.loadUnaligned(fromByteOffset: 8, as: Int32.self))
        let months = Int32(bigEndian: cell.bytes.loadUnaligned(fromByteOffset: 12, as: Int32.self))
        guard months == 0 else { throw CellError("it has months") }
        let rest = Int64(bigEndian: cell.bytes.loadUnaligned(as: Int64.self))
        return .seconds(Int64(days) * 86_400) + .microseconds(rest)
    }
}

/// Bytes of a bytea, elements of a one-dimensional array.
extension Array: ColumnDecodable where Element: ArrayElement {
    package static func decode(_ cell: Cell) throws(CellError) -> [Element] { try Element.elements(of: cell) }
}
