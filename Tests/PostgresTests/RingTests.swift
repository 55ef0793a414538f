import Testing

@testable import Postgres

struct RingTests {
    @Test func isAQueueHoweverItWraps() {
        var ring = Ring<Int>()
        var next = 0
        var expected = 0
        for round in 0..<200 {
            for _ in 0..<round % 13 {
                ring.append(next)
                next += 1
            }
            for _ in 0..<round % 11 where ring.first != nil {
                #expect(ring.popFirst() == expected)
                expected += 1
            }
            #expect(ring.count == next - expected)
        }
    }

    @Test(arguments: 0..<9) func givesUpOneFromTheMiddle(_ shift: Int) {
        var ring = Ring<Int>()
        for _ in 0..<shift { ring.append(0) }
        for _ in 0..<shift { _ = ring.popFirst() }
        for value in 1...6 { ring.append(value) }
        #expect(ring.removeFirst { $0 == 3 } == 3)
        #expect(ring.removeFirst { $0 == 3 } == nil)
        var rest: [Int] = []
        while let value = ring.popFirst() { rest.append(value) }
        #expect(rest == [1, 2, 4, 5, 6])
    }
}
