import CZlib

enum Deflater {
    /// Raw deflate of `output`, ended by a flush to a byte boundary.
    static func deflate(_ output: UnsafeRawBufferPointer, level: Int) -> [UInt8] {
        precondition(output.count <= 1 << 30, "a segment holds at most 1 GiB")
        var stream = z_stream()
        // zlib keeps the stream's address, so it must not move between the calls.
        return withUnsafeMutablePointer(to: &stream) { stream in
            guard skep_deflate_init(stream, Int32(min(max(level, 0), 9))) == Z_OK else {
                preconditionFailure("zlib has no memory for a deflate stream")
            }
            defer { deflateEnd(stream) }
            return flush(output, through: stream)
        }
    }

    private static func flush(
        _ output: UnsafeRawBufferPointer, through stream: UnsafeMutablePointer<z_stream>
    ) -> [UInt8] {
        // zlib's bound is for a finished stream. A flush ends in an empty stored block instead, of at most 6 bytes.
        let bound = Int(deflateBound(stream, UInt(output.count))) + 16
        return [UInt8](unsafeUninitializedCapacity: bound) { buffer, initialized in
            stream.setInput(output)
            stream.setOutput(UnsafeMutableRawBufferPointer(buffer))
            let status = CZlib.deflate(stream, Z_SYNC_FLUSH)
            let left = Int(stream.pointee.avail_out)
            precondition(status == Z_OK && stream.pointee.avail_in == 0 && left > 0, "the flush was cut short")
            initialized = bound - left
        }
    }
}

extension UnsafeMutablePointer<z_stream> {
    /// zlib reads only from there, though its type says otherwise.
    func setInput(_ bytes: UnsafeRawBufferPointer) {
        pointee.next_in = UnsafeMutablePointer<UInt8>(mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        pointee.avail_in = UInt32(bytes.count)
    }

    func setOutput(_ bytes: UnsafeMutableRawBufferPointer) {
        pointee.next_out = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        pointee.avail_out = UInt32(bytes.count)
    }
}
