import LogStream
import NIOCore
import Store

/// The last rendered events of an attempt's log, and the bytes that are not all of a character yet.
struct TailWindow {
    /// Bytes of rendered events that are kept.
    private static let capacity = 1 << 20

    private var frames: [TailFrame] = []
    private var size = 0
    /// Bytes at `end` that begin a character.
    private var pending: [UInt8] = []
    /// Where the kept events start.
    private(set) var start: Int64 = 0
    /// Where they end: always a character's end.
    private(set) var end: Int64 = 0
    /// The whole log is read, and no more comes.
    private(set) var isComplete = false

    /// How far the log was read.
    var readEnd: Int64 { end + Int64(pending.count) }

    /// Where reading an attempt's log begins: its last bytes tell whether its last character is all there.
    static func beginning(of attempt: TailedAttempt) -> Int64 { max(attempt.size - 3, 0) }

    /// The text in segments from `offset` on, before `limit`.
    static func text(of segments: [Segment], from offset: Int64, before limit: Int64 = .max) throws -> [UInt8] {
        var text: [UInt8] = []
        for segment in segments where segment.end > offset + Int64(text.count) {
            text += try segment.clipped(to: offset + Int64(text.count)..<limit).output()
        }
        return text
    }

    init() {}

    /// Begins with the last bytes of an attempt's log, of which only the beginning of a character is kept.
    init(_ attempt: TailedAttempt, text: [UInt8]) {
        isComplete = attempt.isOver
        let missing = isComplete ? 0 : CharacterEnd.missing(in: text)
        end = Self.beginning(of: attempt) + Int64(text.count - missing)
        start = end
        pending = Array(text.suffix(missing))
    }

    /// Takes what follows at `readEnd`.
    mutating func read(_ text: [UInt8], of attempt: TailedAttempt) {
        let all = pending + text
        // Where segments are missing, the log was erased.
        isComplete = attempt.isOver && (text.isEmpty || end + Int64(all.count) >= attempt.size)
        append(TailFrames.render(all[...], at: end, attempt: attempt.number, isLast: isComplete), of: all)
    }

    private mutating func append(_ new: [TailFrame], of text: [UInt8]) {
        let first = end
        frames += new
        size += new.reduce(0) { $0 + $1.buffer.readableBytes }
        end = new.last?.end ?? end
        pending = Array(text.dropFirst(Int(end - first)))
        var surplus = 0
        while size > Self.capacity, surplus < frames.count - 1 {
            size -= frames[surplus].buffer.readableBytes
            surplus += 1
        }
        frames.removeFirst(surplus)
        start = frames.first?.offset ?? end
    }

    /// nil where a reader at `offset` can go on here; else where it could.
    func gap(from offset: Int64) -> Int64? {
        if offset < start { return start }
        guard offset < end, let next = index(of: offset), frames[next].offset != offset else { return nil }
        return frames[next].end
    }

    /// The events from `offset` on, as one buffer. nil: there are none.
    func frames(from offset: Int64, atMost limit: Int) -> (ByteBuffer, end: Int64)? {
        guard offset < end, let first = index(of: offset) else { return nil }
        var buffer = frames[first].buffer
        var last = first
        while last + 1 < frames.count, buffer.readableBytes + frames[last + 1].buffer.readableBytes <= limit {
            last += 1
            buffer.writeImmutableBuffer(frames[last].buffer)
        }
        return (buffer, frames[last].end)
    }

    /// The event that holds the byte at `offset`.
    private func index(of offset: Int64) -> Int? {
        var (low, high) = (0, frames.count)
        while low < high {
            let middle = (low + high) / 2
            if frames[middle].end <= offset { low = middle + 1 } else { high = middle }
        }
        return low < frames.count ? low : nil
    }
}
