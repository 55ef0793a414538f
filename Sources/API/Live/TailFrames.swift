import Core
import NIOCore
import Store

/// A piece of a log as an event, rendered.
struct TailFrame: Sendable {
    var offset: Int64
    var end: Int64
    var buffer: ByteBuffer
}

/// How what a tail has to say is written.
enum TailFrames {
    /// Bytes of text in one event, at most.
    static let longest = 32 << 10

    /// Renders text that starts at `offset`. Cuts it at ends of characters only; the last up to three bytes are left out where
    /// they begin a character, unless nothing follows.
    static func render(
        _ text: ArraySlice<UInt8>, at offset: Int64, attempt: Int, isLast: Bool
    ) -> [TailFrame] {
        var frames: [TailFrame] = []
        var rest = text
        while !rest.isEmpty {
            let piece = rest.prefix(longest)
            let missing = isLast && piece.count == rest.count ? 0 : CharacterEnd.missing(in: piece)
            let whole = piece.dropLast(missing)
            guard !whole.isEmpty else { return frames }
            let start = offset + Int64(whole.startIndex - text.startIndex)
            frames.append(frame(whole, at: start, attempt))
            rest = rest[whole.endIndex...]
        }
        return frames
    }

    private static func frame(_ text: ArraySlice<UInt8>, at offset: Int64, _ attempt: Int) -> TailFrame {
        let end = offset + Int64(text.count)
        let id = TailID(TailPosition(attempt: attempt, offset: end))
        var bytes = Array("id: \(id)\ndata: {\"offset\":\(offset),\"text\":".utf8)
        bytes.reserveCapacity(bytes.count + text.count + text.count / 8 + 16)
        JSONString.append(String(decoding: text, as: UTF8.self), to: &bytes)
        bytes += "}\n\n".utf8
        return TailFrame(offset: offset, end: end, buffer: ByteBuffer(bytes: bytes))
    }

    /// What follows is of another attempt, from its beginning.
    static func moved(to attempt: Int) -> ByteBuffer {
        let id = TailID(TailPosition(attempt: attempt, offset: 0))
        return ByteBuffer(string: "id: \(id)\nevent: attempt\ndata: {\"attempt\":\(attempt)}\n\n")
    }

    static func end(_ status: Status, exitCode: Int, at position: TailPosition) -> ByteBuffer {
        let data =
            "{\"status\":\"\(status.rawValue)\",\"exit_code\":\(exitCode),\"attempt\":\(position.attempt),\"offset\":\(position.offset)}"
        return ByteBuffer(string: "id: \(TailID.end(attempt: position.attempt))\nevent: end\ndata: \(data)\n\n")
    }
}
