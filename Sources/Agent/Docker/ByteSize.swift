/// A number of bytes as people write it: `512m`, `2g`, `512 MB`. The letters mean powers of 1024, as with Docker.
package struct ByteSize: Sendable, Hashable, LosslessStringConvertible {
    package var bytes: Int64

    private static let units: [(name: String, bytes: Int64)] = [
        ("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10), ("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10), ("b", 1),
        ("", 1),
    ]

    package init(bytes: Int64) {
        self.bytes = bytes
    }

    package init?(_ description: String) {
        let text = description.lowercased().filter { $0 != " " }
        guard let unit = Self.units.first(where: { text.hasSuffix($0.name) }),
            let number = Int64(text.dropLast(unit.name.count)), number > 0
        else { return nil }
        let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: unit.bytes)
        if isTooLarge { return nil }
        self.bytes = bytes
    }

    /// In the largest unit that needs no fraction.
    package var description: String {
        let unit = Self.units.first { $0.name.count == 2 && bytes.isMultiple(of: $0.bytes) }
        return unit.map { "\(bytes / $0.bytes) \($0.name.uppercased())" } ?? "\(bytes) bytes"
    }
}
