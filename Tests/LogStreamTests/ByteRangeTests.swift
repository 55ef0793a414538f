import LogStream
import Testing

@Suite struct ByteRangeTests {
    static let read: [(String, ByteRange)] = [
        ("bytes=0-0", .from(0, through: 0)),
        ("bytes=0-499", .from(0, through: 499)),
        ("bytes=500-", .from(500, through: nil)),
        ("bytes=-500", .last(500)),
        ("bytes=-0", .last(0)),
        ("Bytes=1-2", .from(1, through: 2)),
        ("bytes= 1-2\t", .from(1, through: 2)),
        ("bytes=007-9", .from(7, through: 9)),
        ("bytes=0-99999999999999999999", .from(0, through: .max)),
        ("bytes=99999999999999999999-", .from(.max, through: nil)),
    ]

    @Test(arguments: read) func `headers read`(header: String, range: ByteRange) {
        #expect(ByteRange(header: header) == range)
    }

    @Test(arguments: [
        "", "bytes", "bytes=", "bytes=-", "bytes=1", "bytes=2-1", "bytes=0-1,3-4", "bytes=0-1,", "bytes=,0-1", "l=0-1",
        "bytes=a-b", "bytes=0-b", "bytes=+1-2", "bytes=0--1", "bytes=--1", "bytes=1 -2", "bytes=1-2-3", "bytes 0-1",
        "bytes =0-1", "bytes==0-1", "bytes=0x1-2", "bytes=١-٢", "0-1",
    ])
    func `headers ignored`(header: String) {
        #expect(ByteRange(header: header) == nil)
    }

    static let resolved: [(String, size: Int64, String)] = [
        ("0-0", 10, "bytes 0-0/10"), ("0-", 10, "bytes 0-9/10"), ("0-9", 10, "bytes 0-9/10"),
        ("0-10", 10, "bytes 0-9/10"), ("9-", 10, "bytes 9-9/10"), ("9-99999999999999999999", 10, "bytes 9-9/10"),
        ("3-5", 10, "bytes 3-5/10"), ("-1", 10, "bytes 9-9/10"), ("-10", 10, "bytes 0-9/10"),
        ("-11", 10, "bytes 0-9/10"),
        ("-99999999999999999999", 10, "bytes 0-9/10"), ("-0", 10, "bytes */10"), ("10-", 10, "bytes */10"),
        ("10-20", 10, "bytes */10"), ("99999999999999999999-", 10, "bytes */10"), ("0-", 0, "bytes */0"),
        ("0-0", 0, "bytes */0"), ("-5", 0, "bytes */0"), ("0-", .max, "bytes 0-\(Int64.max - 1)/\(Int64.max)"),
        ("0-99999999999999999999", .max, "bytes 0-\(Int64.max - 1)/\(Int64.max)"),
    ]

    @Test(arguments: resolved) func `resolved against a size`(range: String, size: Int64, expected: String) throws {
        let range = try #require(ByteRange(header: "bytes=\(range)"))
        switch range.resolve(size: size) {
        case .slice(let slice, let contentRange):
            #expect(contentRange == expected)
            #expect(contentRange == "bytes \(slice.lowerBound)-\(slice.upperBound - 1)/\(size)")
            #expect(slice.lowerBound >= 0 && slice.upperBound <= size && !slice.isEmpty)
        case .unsatisfiable(let contentRange):
            #expect(contentRange == expected)
        }
    }

    @Test func `while the job runs the whole length is unknown`() throws {
        let rest = try #require(ByteRange(header: "bytes=4-"))
        #expect(rest.resolve(size: 10, isComplete: false) == .slice(4..<10, contentRange: "bytes 4-9/*"))
        #expect(rest.resolve(size: 4, isComplete: false) == .unsatisfiable(contentRange: "bytes */4"))
        let last = try #require(ByteRange(header: "bytes=-3"))
        #expect(last.resolve(size: 10, isComplete: false) == .slice(7..<10, contentRange: "bytes 7-9/*"))
    }
}
