/// A stretch of one step's output, compressed so that segments one after another are one deflate stream.
///
/// `data` is raw deflate (RFC 1951) without a final block, ended by a flush to a byte boundary, and refers to nothing
/// before its own start.
package struct Segment: Sendable, Hashable {
    /// Where the segment starts in the attempt's log, in bytes of output.
    package var offset: Int64
    /// Bytes of output, before compression.
    package var length: Int
    /// CRC-32 of the output.
    package var crc32: UInt32
    package var step: Int
    package var data: [UInt8]

    package init(offset: Int64, length: Int, crc32: UInt32, step: Int, data: [UInt8]) {
        self.offset = offset
        self.length = length
        self.crc32 = crc32
        self.step = step
        self.data = data
    }

    /// The offset of the byte after the segment's last.
    package var end: Int64 { offset + Int64(length) }
}

extension Segment {
    /// Compresses `output`.
    package init(offset: Int64, step: Int, output: [UInt8], level: Int = SegmentCodec.defaultLevel) {
        let (data, crc32) = SegmentCodec.deflate(output, level: level)
        self.init(offset: offset, length: output.count, crc32: crc32, step: step, data: data)
    }

    /// The output, checked against `length` and `crc32`.
    package func output() throws(SegmentError) -> [UInt8] {
        try SegmentCodec.inflate(data, expectedLength: length, crc32: crc32)
    }
}
