import CZlib

/// One gzip stream (RFC 1952) out of segments: `header`, the data of each segment as it is, `trailer()`.
///
/// The work per segment does not depend on its length.
package struct GzipAssembly: Sendable {
    /// No name, no time, and 255 for an unknown system.
    package static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    package static let trailerLength = 10

    /// CRC-32 and length of everything appended.
    package private(set) var crc32: UInt32 = 0
    package private(set) var length: Int64 = 0

    package init() {}

    /// Takes note of a segment whose data goes out next.
    package mutating func append(crc32: UInt32, length: Int) {
        self.crc32 = combinedChecksum(self.crc32, crc32, secondLength: length)
        self.length += Int64(length)
    }

    package mutating func append(_ segment: Segment) {
        append(crc32: segment.crc32, length: segment.length)
    }

    /// An empty final block, the CRC-32, and the length modulo 2^32.
    package func trailer() -> [UInt8] {
        [3, 0] + littleEndian(crc32) + littleEndian(UInt32(truncatingIfNeeded: length))
    }

    private func littleEndian(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian, Array.init)
    }
}

/// The CRC-32 of two byte sequences one after the other, from theirs.
func combinedChecksum(_ first: UInt32, _ second: UInt32, secondLength: Int) -> UInt32 {
    UInt32(crc32_combine(UInt(first), UInt(second), secondLength))
}
