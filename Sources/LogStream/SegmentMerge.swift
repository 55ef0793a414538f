/// Makes few segments out of many, so that a log of small writes is not a row a line.
package enum SegmentMerge {
    /// Joins neighbours of one step as long as the result is at most `maximumLength` bytes of output. A longer segment
    /// stays as it is, and so does one with a gap before it. The log reads the same afterwards.
    package static func merge(_ segments: [Segment], maximumLength: Int = 1 << 20) -> [Segment] {
        segments.reduce(into: []) { merged, segment in
            if let last = merged.last, canJoin(last, segment, maximumLength) {
                join(segment, to: &merged[merged.count - 1])
            } else {
                merged.append(segment)
            }
        }
    }

    private static func canJoin(_ first: Segment, _ second: Segment, _ maximumLength: Int) -> Bool {
        first.step == second.step && first.end == second.offset && first.length + second.length <= maximumLength
    }

    /// The data needs no work: the first ends at a byte boundary without a final block.
    private static func join(_ segment: Segment, to first: inout Segment) {
        first.crc32 = combinedChecksum(first.crc32, segment.crc32, secondLength: segment.length)
        first.length += segment.length
        first.data += segment.data
    }
}

extension Segment {
    /// The part of the segment that lies in a range of the log; itself where all of it does. Not empty: the two overlap.
    package func clipped(to range: Range<Int64>) throws(SegmentError) -> Segment {
        guard offset < range.lowerBound || end > range.upperBound else { return self }
        let lower = max(offset, range.lowerBound)
        let upper = min(end, range.upperBound)
        let part = try output()[Int(lower - offset)..<Int(upper - offset)]
        return Segment(offset: lower, step: step, output: Array(part))
    }
}
