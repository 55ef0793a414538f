import LogStream
import Testing

@Suite struct ContentCodingTests {
    static let headers: [(String?, ContentCoding?)] = [
        (nil, .identity), ("", .identity), ("gzip", .gzip), ("GZip", .gzip), ("x-gzip", .gzip), ("*", .gzip),
        ("deflate, br", .identity), ("gzip, deflate, br", .gzip), ("br;q=1.0, gzip;q=0.8, *;q=0.1", .gzip),
        ("gzip;q=0", .identity), ("gzip;q=0.000", .identity), ("gzip;q=0.001", .gzip), ("gzip ; Q=0.5", .gzip),
        ("identity", .identity), ("identity;q=1, gzip;q=0.5", .identity), ("identity;q=0.5, gzip;q=0.5", .gzip),
        ("gzip;q=0.5, *;q=1", .gzip), ("identity;q=0.5, *;q=0.2", .identity), ("identity;q=0", nil),
        ("identity;q=0, gzip", .gzip), ("*;q=0", nil), ("*;q=0, gzip", .gzip), ("*;q=0, identity", .identity),
        ("gzip;q=0, *", .identity), ("gzip;q=0, identity;q=0", nil), ("gzip;q=1.5", .identity), ("gzip;q=1.000", .gzip),
        ("gzip;q=1.001", .identity), ("gzip;q=0.1234", .identity), ("gzip;q=", .identity), ("gzip;q=-1", .identity),
        ("gzip;level=9", .identity), ("gzip;q=1;q=0", .identity), (", ,gzip,", .gzip), ("gzipped", .identity),
        ("compress;q=0.5, gzip;q=1.0", .gzip),
    ]

    @Test(arguments: headers) func `what a client likes best`(header: String?, coding: ContentCoding?) {
        #expect(ContentCoding.preferred(acceptEncoding: header) == coding)
    }
}
