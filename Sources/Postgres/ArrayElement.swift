package import FoundationEssentials

/// What an array can be made of. `UInt8` is apart: `[UInt8]` is a bytea.
package protocol ArrayElement {
    static func elements(of cell: Cell) throws(CellError) -> [Self]
}

extension UInt8: ArrayElement {
    package static func elements(of cell: Cell) throws(CellError) -> [UInt8] {
        guard cell.type == .bytea else { throw .otherType }
        return Array(cell.bytes)
    }
}

extension ArrayElement where Self: ColumnDecodable {
    package static func elements(of cell: Cell) throws(CellError) -> [Self] {
        guard cell.type.isArray else { throw .otherType }
        var reader = ArrayReader(cell.bytes)
        return try reader.elements(Self.self)
    }
}

extension Int64: ArrayElement {}
extension Int: ArrayElement {}
extension Int32: ArrayElement {}
extension Bool: ArrayElement {}
extension Double: ArrayElement {}
extension String: ArrayElement {}
extension UUID: ArrayElement {}
extension Date: ArrayElement {}

/// The binary form of an array (`array_send`): dimensions, a flag, the element type, then for each dimension its length
/// and lower bound, then each element with its length in front, -1 for NULL.
private struct ArrayReader {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    /// Dimensions, whether NULLs are in it, the elements' type, then length and lower bound of the only dimension.
    mutating func elements<T: ColumnDecodable>(_: T.Type) throws(CellError) -> [T] {
        let dimensions = try word()
        _ = try word()
        let type = ColumnType(rawValue: UInt32(bitPattern: try word()))
        if dimensions == 0 { return [] }
        guard dimensions == 1 else { throw CellError("it has \(dimensions) dimensions") }
        let count = Int(try word())
        _ = try word()
        guard count >= 0 && count <= rest.count / 4 else { throw CellError("its length is wrong") }
        return try elements(count, type)
    }

    private mutating func elements<T: ColumnDecodable>(_ count: Int, _ type: ColumnType) throws(CellError) -> [T] {
        var values: [T] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            let length = Int(try word())
            if length < 0 { throw CellError("an element is NULL") }
            values.append(try T.decode(Cell(bytes: try take(length), type: type)))
        }
        return values
    }

    private mutating func word() throws(CellError) -> Int32 {
        Int32(bigEndian: try take(4).loadUnaligned(as: Int32.self))
    }

    private mutating func take(_ count: Int) throws(CellError) -> UnsafeRawBufferPointer {
        guard count <= rest.count else { throw CellError("it ends early") }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count)) }
        return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
    }
}
