import LogStream
import Testing

@Suite struct SegmentTests {
    static let outputs: [[UInt8]] = [
        [], [0], Array("+ make\nok\n".utf8), Samples.text(50_000, seed: 1), Samples.noise(70_000, seed: 2),
        Array(repeating: 0, count: 1 << 20), Samples.text(1 << 20, seed: 3), Samples.noise(1 << 20, seed: 4),
    ]

    @Test(arguments: 0...9, outputs.indices) func `deflated and inflated`(level: Int, index: Int) throws {
        let output = Self.outputs[index]
        let (data, crc32) = SegmentCodec.deflate(output, level: level)
        #expect(try SegmentCodec.inflate(data, expectedLength: output.count, crc32: crc32) == output)
        try SegmentCodec.check(data, expectedLength: output.count, crc32: crc32)
        #expect(data.count <= SegmentCodec.maximumDataLength(of: output.count))
    }

    @Test func `check value of CRC-32, and levels out of range`() {
        #expect(SegmentCodec.deflate(Array("123456789".utf8)).crc32 == 0xCBF4_3926)
        #expect(SegmentCodec.deflate([1], level: 99).data == SegmentCodec.deflate([1], level: 9).data)
        #expect(SegmentCodec.deflate([1], level: -1).data == SegmentCodec.deflate([1], level: 0).data)
    }

    /// Expects the same of the function that keeps the output and the one that does not.
    private func expect(
        _ error: SegmentError?, _ data: [UInt8], length: Int, crc32: UInt32 = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let inflated = Result { try SegmentCodec.inflate(data, expectedLength: length, crc32: crc32) }
        let checked = Result { try SegmentCodec.check(data, expectedLength: length, crc32: crc32) }
        for failure in [inflated.failure, checked.failure] {
            #expect(failure as? SegmentError == error, sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [1, 5000, 100_000]) func `another length than announced`(length: Int) {
        let (data, crc32) = SegmentCodec.deflate(Samples.text(length, seed: 5))
        expect(nil, data, length: length, crc32: crc32)
        expect(.tooLong, data, length: length - 1, crc32: crc32)
        expect(.incomplete, data, length: length + 1, crc32: crc32)
        expect(.wrongChecksum, data, length: length, crc32: crc32 ^ 1)
        expect(.tooLong, data, length: -1, crc32: crc32)
    }

    @Test(arguments: [Samples.text(3000, seed: 6), Samples.noise(300, seed: 6)])
    func `cut at every byte`(output: [UInt8]) {
        let (data, crc32) = SegmentCodec.deflate(output)
        // Noise is a stored block, which ends at a byte boundary without the five bytes of the flush.
        let whole = output.count == 300 ? [data.count - 5, data.count] : [data.count]
        for end in 0...data.count {
            let cut = Array(data[..<end])
            let inflated = Result { try SegmentCodec.inflate(cut, expectedLength: output.count, crc32: crc32) }
            let checked = Result { try SegmentCodec.check(cut, expectedLength: output.count, crc32: crc32) }
            #expect((inflated.failure == nil) == whole.contains(end))
            #expect((checked.failure == nil) == whole.contains(end))
        }
    }

    /// A flipped bit is refused, unless the data says the same in other words (a bit that pads to a byte boundary).
    @Test func `changed at every bit`() throws {
        let output = Samples.text(2000, seed: 7)
        let (data, crc32) = SegmentCodec.deflate(output)
        var refused = 0
        for bit in 0..<data.count * 8 {
            var changed = data
            changed[bit / 8] ^= 1 << (bit % 8)
            do throws(SegmentError) {
                let inflated = try SegmentCodec.inflate(changed, expectedLength: output.count, crc32: crc32)
                #expect(inflated == output)
            } catch {
                refused += 1
            }
        }
        #expect(refused >= data.count * 8 - 7)
    }

    @Test func `changed at every byte`() throws {
        let (data, crc32) = SegmentCodec.deflate(Samples.text(2000, seed: 8))
        for index in data.indices {
            var changed = data
            changed[index] = ~changed[index]
            #expect(throws: SegmentError.self) { try SegmentCodec.inflate(changed, expectedLength: 2000, crc32: crc32) }
        }
    }

    @Test func `a final block is refused, wherever it stands`() {
        let (data, crc32) = SegmentCodec.deflate([UInt8(ascii: "a")])
        expect(.finalBlock, data + [3, 0], length: 1, crc32: crc32)
        expect(.finalBlock, data + [3, 0] + data, length: 2)
        // A stored block with "a", marked final.
        expect(.finalBlock, [1, 1, 0, 0xFE, 0xFF, 0x61], length: 1, crc32: crc32)
        // A final block that goes on.
        expect(.finalBlock, data + [1], length: 1, crc32: crc32)
    }

    @Test func `data after the segment is refused`() {
        let (data, crc32) = SegmentCodec.deflate([UInt8(ascii: "a")])
        expect(.tooLong, data + data, length: 1, crc32: crc32)
        expect(.incomplete, data + [0], length: 1, crc32: crc32)
        expect(.corrupt("invalid block type"), data + [0xFF], length: 1, crc32: crc32)
    }

    @Test func `an end inside a byte is refused`() {
        // Four bytes of 0x90 as a fixed block of 46 bits: too few are left over for the head of another block.
        let block: [UInt8] = [0x9A, 0x30, 0x61, 0xC2, 0x04, 0x00]
        let crc32: UInt32 = 0xE059_9F16
        expect(.unaligned, block, length: 4, crc32: crc32)
        expect(nil, block + [0, 0, 0, 0xFF, 0xFF], length: 4, crc32: crc32)
        // "a" as a fixed block: what is left of its last byte reads as the head of a stored block.
        expect(.incomplete, [0x4A, 0x04, 0x00], length: 1, crc32: 0xE8B7_BE43)
        expect(nil, [0x4A, 0x04, 0x00, 0, 0, 0xFF, 0xFF], length: 1, crc32: 0xE8B7_BE43)
        expect(.incomplete, [], length: 0)
        expect(nil, [0, 0, 0, 0xFF, 0xFF], length: 0)
    }

    @Test func `a reference to bytes before the segment is refused`() {
        // A fixed block that begins with "the 3 bytes from 1 byte before".
        expect(.corrupt("invalid distance too far back"), [0x02, 0x02, 0, 0, 0, 0xFF, 0xFF], length: 3)
    }

    @Test func `a bomb stops at the announced length`() {
        let (data, _) = SegmentCodec.deflate(Array(repeating: 0, count: 100 << 20), level: 9)
        #expect(data.count < 200_000)
        expect(.tooLong, data, length: 1 << 20)
        expect(.tooLong, data, length: 0)
        // More than so little data can ever hold: refused before anything is allocated.
        expect(.tooLong, [0, 0, 0, 0xFF, 0xFF], length: .max)
    }

    @Test func `random data never does worse than an error`() {
        for seed in 0..<2000 {
            let data = Samples.noise(1 + seed % 100, seed: UInt64(seed))
            #expect(throws: SegmentError.self) { try SegmentCodec.inflate(data, expectedLength: 64, crc32: 1) }
            #expect(throws: SegmentError.self) { try SegmentCodec.check(data, expectedLength: 64, crc32: 1) }
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
