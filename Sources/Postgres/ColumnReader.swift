/// Reads the columns of one row from left to right.
///
///     var c = row.columns
///     return User(id: try c.next(), login: try c.next())
package struct ColumnReader {
    package let row: Row
    /// The column that comes next, counted from 0.
    package private(set) var index = 0

    init(row: Row) {
        self.row = row
    }

    /// The next column. Throws `.decoding` when it does not hold a `T`.
    package mutating func next<T: ColumnDecodable>(_ type: T.Type = T.self) throws -> T {
        defer { index += 1 }
        return try row.decode(type, at: index)
    }

    /// Leaves columns out.
    package mutating func skip(_ count: Int = 1) {
        index += count
    }

    /// The bytes of the next column where they lie, see `Row.withBytes(at:_:)`.
    package mutating func nextBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        defer { index += 1 }
        return try row.withBytes(at: index, body)
    }
}
