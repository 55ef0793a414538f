import LogStream
import Store
import Testing

/// What a standby answers of a log is used only if it is all that was asked for.
@Suite struct StandbyTests {
    private func segments(_ bounds: Range<Int64>...) -> [Segment] {
        bounds.map { Segment(offset: $0.lowerBound, step: 1, output: Array(repeating: 65, count: $0.count)) }
    }

    private func areWhole(_ segments: [Segment], from start: Int64, before end: Int64, limit: Int = 8) -> Bool {
        Store.areWhole(segments, from: start, before: end, limit: limit)
    }

    @Test func wholeOnes() {
        #expect(areWhole(segments(0..<10, 10..<30), from: 0, before: 30))
        #expect(areWhole(segments(0..<10, 10..<30), from: 5, before: 20))
        #expect(areWhole(segments(0..<10, 10..<20), from: 0, before: 30, limit: 2))
    }

    @Test func onesThatHaveNotAllArrived() {
        #expect(!areWhole([], from: 0, before: 30))
        #expect(!areWhole(segments(0..<10), from: 0, before: 30))
        #expect(!areWhole(segments(0..<10, 20..<30), from: 0, before: 30))
        #expect(!areWhole(segments(10..<30), from: 0, before: 30))
        // The last one that is there does not hold the byte that was asked for.
        #expect(!areWhole(segments(0..<10), from: 10, before: 30, limit: 1))
    }
}
