/// What a statement gave back. The rows stay in the memory libpq read them into, which goes with the last `Rows` or `Row`.
package struct Rows: Sendable, RandomAccessCollection {
    let result: ResultBox

    /// How many rows the statement returned, inserted, updated or deleted.
    package var affected: Int { result.affected }
    package var startIndex: Int { 0 }
    package var endIndex: Int { result.count }

    package subscript(position: Int) -> Row {
        precondition(position >= 0 && position < result.count, "row \(position) of \(result.count)")
        return Row(result: result, index: position)
    }
}

/// One row of a result.
package struct Row: Sendable {
    let result: ResultBox
    let index: Int

    /// How many columns the result has.
    package var count: Int { result.columns }

    /// A cursor over the columns, from the first.
    package var columns: ColumnReader { ColumnReader(row: self) }

    /// True for NULL, and for a column that is not there.
    package func isNull(at column: Int) -> Bool { result.cell(index, column) == nil }

    /// The value of one column, counted from 0.
    /// Throws `.decoding`, naming statement, column and both types, when the column does not hold a `T`.
    package func decode<T: ColumnDecodable>(_ type: T.Type = T.self, at column: Int) throws -> T {
        do throws(CellError) {
            guard column >= 0 && column < result.columns else { throw CellError("there is no such column") }
            guard let cell = result.cell(index, column) else { return try T.decodeNull() }
            return try T.decode(cell)
        } catch {
            throw result.mismatch(column, T.self, error)
        }
    }

    /// The bytes of a text, bytea, json or jsonb column where they lie, valid during the call; none for NULL.
    package func withBytes<R>(at column: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withExtendedLifetime(result) {
            try body(result.cell(index, column)?.content ?? UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }
}
