/// One value that is not NULL, in PostgreSQL's binary form, and what it claims to be. Valid while its row is.
package struct Cell {
    package let bytes: UnsafeRawBufferPointer
    let type: ColumnType

    /// The bytes without what the type puts in front: jsonb begins with its version.
    var content: UnsafeRawBufferPointer {
        type == .jsonb && !bytes.isEmpty ? UnsafeRawBufferPointer(rebasing: bytes.dropFirst()) : bytes
    }

    /// The whole value as one number of the network's byte order.
    func number<T: FixedWidthInteger>(_: T.Type) throws(CellError) -> T {
        guard bytes.count == MemoryLayout<T>.size else { throw CellError("it has \(bytes.count) bytes") }
        return T(bigEndian: bytes.loadUnaligned(as: T.self))
    }

    /// An integer of any width.
    func integer() throws(CellError) -> Int64 {
        switch type {
        case .int8: try number(Int64.self)
        case .int4: Int64(try number(Int32.self))
        case .int2: Int64(try number(Int16.self))
        case .oid: Int64(try number(UInt32.self))
        default: throw .otherType
        }
    }

    /// An integer that must fit.
    func integer<T: FixedWidthInteger>(_: T.Type) throws(CellError) -> T {
        guard let value = T(exactly: try integer()) else { throw CellError("the number does not fit") }
        return value
    }

    /// The characters of any type whose binary form is its text, enum types among them.
    func string() throws(CellError) -> String {
        guard type.isText else { throw .otherType }
        guard let text = String(validating: content, as: UTF8.self) else { throw CellError("it is not UTF-8") }
        return text
    }
}

/// Why a cell does not hold what was asked of it. It never holds the value.
package struct CellError: Error {
    let reason: String?

    package init(_ reason: String) {
        self.reason = reason
    }

    private init() {
        reason = nil
    }

    /// The column is of another type.
    package static var otherType: CellError { CellError() }
}
