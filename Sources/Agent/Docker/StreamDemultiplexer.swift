/// Takes apart what an engine sends of a container without a terminal: frames of both outputs, each behind 8 bytes that
/// say which output (1 or 2), three zeros, and the length, most significant byte first.
///
/// Bytes may come in pieces of any size.
struct StreamDemultiplexer {
    enum Stream: UInt8 {
        case input, output, error
    }

    /// A frame that cannot be one: the stream is something else, or a piece of it is missing.
    struct Malformed: Error, Equatable, CustomStringConvertible {
        var header: [UInt8]

        var description: String { "the container engine's stream has a frame that begins with \(header)" }
    }

    private var header: [UInt8] = []
    private var stream = Stream.output
    /// Bytes of the frame that are still to come.
    private var remaining = 0

    /// Whether the bytes so far end where a frame ends.
    var isAtFrameEnd: Bool { header.isEmpty && remaining == 0 }

    /// Gives `take` the bytes of the frames in their order, as they come.
    mutating func feed(
        _ bytes: ArraySlice<UInt8>, _ take: (Stream, ArraySlice<UInt8>) throws -> Void
    ) throws {
        var rest = bytes
        while !rest.isEmpty {
            if remaining > 0 {
                let piece = rest.prefix(remaining)
                remaining -= piece.count
                rest = rest[piece.endIndex...]
                try take(stream, piece)
            } else {
                header.append(rest.removeFirst())
                if header.count == 8 { try beginFrame() }
            }
        }
    }

    private mutating func beginFrame() throws {
        guard let stream = Stream(rawValue: header[0]), header[1...3].allSatisfy({ $0 == 0 }) else {
            throw Malformed(header: header)
        }
        self.stream = stream
        remaining = header[4...].reduce(0) { $0 << 8 | Int($1) }
        header.removeAll(keepingCapacity: true)
    }
}
