internal import CLibPQ

/// Owns a result of libpq.
///
/// `@unchecked Sendable`: libpq does not touch a result once it has given it away, and here it is only read.
final class ResultBox: @unchecked Sendable {
    private let result: OpaquePointer
    let statement: String
    let count: Int
    let columns: Int

    /// Takes ownership of `result`.
    init(_ result: OpaquePointer, statement: String) {
        self.result = result
        self.statement = statement
        count = Int(PQntuples(result))
        columns = Int(PQnfields(result))
    }

    deinit {
        PQclear(result)
    }

    var affected: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }
    var command: String { String(cString: PQcmdStatus(result)) }

    /// A value, or nil for NULL and outside the result.
    func cell(_ row: Int, _ column: Int) -> Cell? {
        let (row, column) = (Int32(row), Int32(column))
        guard row >= 0, column >= 0, row < count, column < columns, PQgetisnull(result, row, column) == 0 else {
            return nil
        }
        let bytes = UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
        return Cell(bytes: bytes, type: ColumnType(rawValue: PQftype(result, column)))
    }

    /// The error for a column that is not what the caller asked for.
    func mismatch<T>(_ column: Int, _ type: T.Type, _ error: CellError) -> PostgresError {
        let place = "column \(column)\(name(column).map { " \"\($0)\"" } ?? "")"
        let theirs =
            column >= 0 && column < columns ? "\(ColumnType(rawValue: PQftype(result, Int32(column))))" : "none"
        let reason = error.reason.map { ": \($0)" } ?? ""
        return PostgresError(.decoding, "\(place) of type \(theirs) is no \(type)\(reason)", statement: statement)
    }

    private func name(_ column: Int) -> String? {
        guard column >= 0, column < columns else { return nil }
        return PQfname(result, Int32(column)).map { String(cString: $0) }
    }
}
