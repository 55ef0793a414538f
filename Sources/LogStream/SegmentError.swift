/// Why bytes are not the segment they were said to be.
package enum SegmentError: Error, Hashable, CustomStringConvertible {
    /// Not deflate, or it refers to bytes before its start; zlib's reason.
    case corrupt(String)
    /// Ends inside a block, or before the length that was announced.
    case incomplete
    /// Inflates to more than the length that was announced, or announces more than its data can hold.
    case tooLong
    /// Holds a final block, after which no segment could follow.
    case finalBlock
    /// Ends inside a byte.
    case unaligned
    /// The output's CRC-32 is another.
    case wrongChecksum

    package var description: String {
        switch self {
        case .corrupt(let reason): "not raw deflate: \(reason)"
        case .incomplete: "the segment is cut off"
        case .tooLong: "the segment holds more than it says"
        case .finalBlock: "the segment has a final block"
        case .unaligned: "the segment does not end at a byte boundary"
        case .wrongChecksum: "the segment's CRC-32 is wrong"
        }
    }
}
