import CZlib

enum Inflater {
    /// How far inflating came and in what state it stopped.
    struct End {
        var length = 0
        var crc32: UInt32 = 0
        let expectedLength: Int
        /// nil while nothing is wrong.
        var failure: SegmentError?

        func failure(crc32 expected: UInt32) -> SegmentError? {
            failure ?? (crc32 == expected ? nil : .wrongChecksum)
        }
    }

    /// Inflates `data` piece by piece through `buffer`, each piece over the last one, and never more than `length`
    /// bytes. A buffer of that length holds the whole output in the end.
    static func inflate(
        _ data: UnsafeRawBufferPointer, length: Int, through buffer: UnsafeMutableRawBufferPointer
    ) -> End {
        var end = End(expectedLength: length)
        guard data.count <= UInt32.max, buffer.count <= UInt32.max else {
            end.failure = .tooLong
            return end
        }
        // A new stream each time: with it, 100 bytes take 0.5 µs, so there is nothing to gain by keeping one.
        var stream = z_stream()
        // zlib keeps the stream's address, so it must not move between the calls.
        withUnsafeMutablePointer(to: &stream) { stream in
            guard skep_inflate_init(stream) == Z_OK else {
                preconditionFailure("zlib has no memory for an inflate stream")
            }
            defer { inflateEnd(stream) }
            stream.setInput(data)
            run(stream, through: buffer, end: &end)
        }
        return end
    }

    private static func run(
        _ stream: UnsafeMutablePointer<z_stream>, through buffer: UnsafeMutableRawBufferPointer, end: inout End
    ) {
        var status = Z_OK
        repeat {
            let room = min(buffer.count, end.expectedLength - end.length)
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<room])
            stream.setOutput(piece)
            status = step(stream)
            let written = room - Int(stream.pointee.avail_out)
            end.crc32 = SegmentCodec.checksum(of: UnsafeRawBufferPointer(rebasing: piece[..<written]), after: end.crc32)
            end.length += written
        } while status == Z_OK && stream.pointee.avail_out == 0 && end.length < end.expectedLength
        end.failure = failure(status, stream, end)
    }

    /// One call of zlib, which wants an address even for no room at all.
    private static func step(_ stream: UnsafeMutablePointer<z_stream>) -> Int32 {
        guard stream.pointee.next_out == nil else { return CZlib.inflate(stream, Z_NO_FLUSH) }
        var nothing: UInt8 = 0
        return withUnsafeMutablePointer(to: &nothing) { nothing in
            stream.pointee.next_out = nothing
            return CZlib.inflate(stream, Z_NO_FLUSH)
        }
    }

    /// What is wrong with a stream at which zlib stopped. `data_type` is how it tells where that was: the unused bits
    /// of the last byte, plus 64 in a final block, plus 128 right after a block's end.
    private static func failure(
        _ status: Int32, _ stream: UnsafeMutablePointer<z_stream>, _ end: End
    ) -> SegmentError? {
        let place = stream.pointee.data_type
        switch status {
        case Z_STREAM_END: return .finalBlock
        case Z_OK, Z_BUF_ERROR: break
        default: return .corrupt(stream.pointee.msg.map { String(cString: $0) } ?? "status \(status)")
        }
        if place & 64 != 0 { return .finalBlock }
        if stream.pointee.avail_in > 0 { return .tooLong }
        if place & 128 == 0 || end.length < end.expectedLength { return .incomplete }
        return place & 63 == 0 ? nil : .unaligned
    }
}
