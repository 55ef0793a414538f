import FoundationEssentials

/// Parameters as libpq takes them: one block of bytes and where each value lies in it.
struct EncodedParameters: Sendable {
    fileprivate struct Field {
        /// Below zero: NULL.
        var offset: Int
        var length: Int
        var binary: Bool
    }

    private static let most = 65_535

    private var bytes: [UInt8] = []
    private var fields: [Field] = []

    /// Throws `.server("54000")` beyond the 65,535 parameters that a statement can have.
    init(_ parameters: [Parameter], statement: String) throws(PostgresError) {
        guard parameters.count <= Self.most else {
            throw PostgresError(
                .server("54000"), "more than \(Self.most) parameters", sqlState: "54000", statement: statement)
        }
        fields.reserveCapacity(parameters.count)
        for parameter in parameters { append(parameter) }
    }

    init() {}

    /// Calls `body` with count, values, lengths and formats, valid during the call.
    func withPointers<R>(
        _ body: (
            Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> R
    ) -> R {
        if fields.isEmpty { return body(0, nil, nil, nil) }
        return bytes.withUnsafeBytes { block in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: fields.count) { values in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: fields.count * 2) { numbers in
                    for (index, field) in fields.enumerated() {
                        values.initializeElement(at: index, to: field.pointer(in: block))
                        numbers.initializeElement(at: index, to: Int32(field.length))
                        numbers.initializeElement(at: fields.count + index, to: field.binary ? 1 : 0)
                    }
                    let lengths = UnsafePointer(numbers.baseAddress)
                    return body(
                        Int32(fields.count), UnsafePointer(values.baseAddress), lengths,
                        lengths.map { $0 + fields.count })
                }
            }
        }
    }

    private mutating func append(_ parameter: Parameter) {
        switch parameter {
        case .null: fields.append(Field(offset: -1, length: 0, binary: false))
        case .bool(let value): append(text: value ? "t" : "f")
        case .int(let value): append(text: String(value))
        case .double(let value): append(text: String(value))
        case .text(let value), .json(let value): append(text: value)
        case .bytes(let value): append(value)
        case .uuid(let value): append(text: value.uuidString)
        case .timestamp(let value): append(text: Timestamp.text(value))
        case .ints(let values): append(text: "{\(values.map(String.init).joined(separator: ","))}")
        case .texts(let values): append(text: ArrayText.of(values))
        case .optionalTexts(let values): append(text: ArrayText.of(values))
        case .timestamps(let values): append(text: ArrayText.of(values.map(Timestamp.text)))
        }
    }

    private mutating func append(_ value: [UInt8]) {
        fields.append(Field(offset: bytes.count, length: value.count, binary: true))
        bytes.append(contentsOf: value)
        // libpq takes a null pointer for NULL: an empty value must have an address too.
        bytes.append(0)
    }

    private mutating func append(text: String) {
        let start = bytes.count
        let hasNUL = text.utf8.contains(0)
        bytes.append(contentsOf: (hasNUL ? text.replacingNULs() : text).utf8)
        fields.append(Field(offset: start, length: bytes.count - start, binary: false))
        bytes.append(0)
    }
}

extension EncodedParameters.Field {
    fileprivate func pointer(in block: UnsafeRawBufferPointer) -> UnsafePointer<CChar>? {
        guard offset >= 0, let base = block.baseAddress else { return nil }
        return (base + offset).assumingMemoryBound(to: CChar.self)
    }
}

extension String {
    fileprivate func replacingNULs() -> String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : $0 }))
    }
}
