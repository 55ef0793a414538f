import CZlib

/// Makes and reads the data of segments.
package enum SegmentCodec {
    package static let defaultLevel = 6

    /// Above what any sensible compressor makes of `length` bytes: what is longer was padded, and need not be stored.
    package static func maximumDataLength(of length: Int) -> Int {
        length + length / 8 + 64
    }

    /// Compresses at most 1 GiB, at a level from 0 (stored) to 9.
    package static func deflate(_ output: [UInt8], level: Int = defaultLevel) -> (data: [UInt8], crc32: UInt32) {
        output.withUnsafeBytes { deflate($0, level: level) }
    }

    package static func deflate(
        _ output: UnsafeRawBufferPointer, level: Int = defaultLevel
    ) -> (data: [UInt8], crc32: UInt32) {
        (Deflater.deflate(output, level: level), checksum(of: output))
    }

    /// The output of a segment that is whole, `expectedLength` bytes long and has this CRC-32.
    ///
    /// Allocates `expectedLength` bytes, and nothing when the data is too short to hold that many.
    package static func inflate(
        _ data: [UInt8], expectedLength: Int, crc32: UInt32
    ) throws(SegmentError) -> [UInt8] {
        let result = data.withUnsafeBytes { data in
            Result { () throws(SegmentError) in try inflate(data, expectedLength: expectedLength, crc32: crc32) }
        }
        return try result.get()
    }

    package static func inflate(
        _ data: UnsafeRawBufferPointer, expectedLength: Int, crc32: UInt32
    ) throws(SegmentError) -> [UInt8] {
        try requirePlausible(length: expectedLength, of: data)
        var failure: SegmentError?
        let output = [UInt8](unsafeUninitializedCapacity: expectedLength) { buffer, initialized in
            let end = Inflater.inflate(data, length: expectedLength, through: UnsafeMutableRawBufferPointer(buffer))
            failure = end.failure(crc32: crc32)
            initialized = end.length
        }
        if let failure { throw failure }
        return output
    }

    /// Checks what `inflate` checks, in 32 KiB of memory whatever the length.
    package static func check(_ data: [UInt8], expectedLength: Int, crc32: UInt32) throws(SegmentError) {
        let result = data.withUnsafeBytes { data in
            Result { () throws(SegmentError) in try check(data, expectedLength: expectedLength, crc32: crc32) }
        }
        try result.get()
    }

    package static func check(
        _ data: UnsafeRawBufferPointer, expectedLength: Int, crc32: UInt32
    ) throws(SegmentError) {
        try requirePlausible(length: expectedLength, of: data)
        let end = withUnsafeTemporaryAllocation(byteCount: min(expectedLength, 32 << 10), alignment: 16) { scratch in
            Inflater.inflate(data, length: expectedLength, through: scratch)
        }
        if let failure = end.failure(crc32: crc32) { throw failure }
    }

    static func checksum(of bytes: UnsafeRawBufferPointer, after crc32: UInt32 = 0) -> UInt32 {
        guard let start = bytes.baseAddress else { return crc32 }
        return UInt32(crc32_z(UInt(crc32), start.assumingMemoryBound(to: UInt8.self), bytes.count))
    }

    /// Deflate makes 258 bytes of two bits at best (RFC 1951, 3.2.5): 1032 to 1.
    private static func requirePlausible(length: Int, of data: UnsafeRawBufferPointer) throws(SegmentError) {
        guard length >= 0, length / 1032 <= data.count else { throw .tooLong }
    }
}
