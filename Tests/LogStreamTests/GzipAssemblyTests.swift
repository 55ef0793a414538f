import Foundation
import LogStream
import Testing

@Suite struct GzipAssemblyTests {
    private func assemble(_ segments: [Segment]) -> [UInt8] {
        var assembly = GzipAssembly()
        var stream = GzipAssembly.header
        for segment in segments {
            assembly.append(segment)
            stream += segment.data
        }
        return stream + assembly.trailer()
    }

    static let outputs = [
        [], [0], Samples.text(1, seed: 1), Samples.text(300_000, seed: 2), Samples.noise(200_000, seed: 3),
    ]

    @Test(arguments: outputs.indices) func `gzip reads the assembled log`(index: Int) throws {
        let output = Self.outputs[index]
        let stream = assemble(Samples.segments(of: output, seed: 9))
        #expect(try run("gzip", ["-dc"], input: stream) == output)
        #expect(try run("gzip", ["-t"], input: stream).isEmpty)
    }

    @Test(.enabled(if: hasPython, "there is no python3 here")) func `one member, and nothing after it`() throws {
        let output = Samples.text(300_000, seed: 4)
        let reader = """
            import sys, zlib
            reader = zlib.decompressobj(31)
            output = reader.decompress(sys.stdin.buffer.read())
            assert reader.eof and not reader.unused_data
            sys.stdout.buffer.write(output)
            """
        let stream = assemble(Samples.segments(of: output, seed: 10))
        #expect(try run("python3", ["-c", reader], input: stream) == output)
    }

    @Test func `a wrong segment is noticed by gzip`() throws {
        var segments = Samples.segments(of: Samples.text(20_000, seed: 5), seed: 11)
        segments[1].crc32 ^= 1
        #expect(throws: ProgramFailed.self) { try run("gzip", ["-t"], input: assemble(segments)) }
    }

    @Test func `the empty log to the byte`() {
        #expect(assemble([]) == [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(GzipAssembly().trailer().count == GzipAssembly.trailerLength)
    }

    @Test func `the checksum of 6 GiB, and its length modulo 2^32`() {
        let zeros = SegmentCodec.deflate(Array(repeating: 0, count: 1 << 20)).crc32
        var pieces = GzipAssembly()
        for _ in 0..<6 << 10 { pieces.append(crc32: zeros, length: 1 << 20) }
        var halves = GzipAssembly()
        for _ in 0..<3 << 10 { halves.append(crc32: zeros, length: 1 << 20) }
        var whole = halves
        whole.append(crc32: halves.crc32, length: Int(halves.length))
        #expect(pieces.length == 6 << 30)
        #expect(pieces.crc32 == whole.crc32)
        #expect(pieces.trailer().suffix(4) == [0, 0, 0, 0x80])
    }

    @Test(arguments: UInt64(0)..<8) func `merged segments read the same`(seed: UInt64) throws {
        let output = Samples.text(60_000, seed: seed)
        let segments = Samples.segments(of: output, seed: seed, steps: 3)
        let merged = SegmentMerge.merge(segments, maximumLength: 16_000)
        #expect(merged.count < segments.count)
        #expect(merged.allSatisfy { $0.length <= 16_000 })
        #expect(try merged.flatMap { try $0.output() } == output)
        for segment in merged {
            #expect(segment.step == segments.first { $0.offset == segment.offset }?.step)
            #expect(try segment.output() == Array(output[Int(segment.offset)..<Int(segment.end)]))
        }
        #expect(assemble(merged) == assemble(segments))
        let perStep = SegmentMerge.merge(segments)
        #expect(perStep.map(\.step) == [0, 1, 2])
    }

    @Test func `gaps, steps and long segments are kept apart`() {
        func segment(_ offset: Int64, _ length: Int, step: Int = 1) -> Segment {
            Segment(offset: offset, step: step, output: Array(repeating: 1, count: length))
        }
        let segments = [
            segment(0, 10), segment(11, 10), segment(21, 10, step: 2), segment(31, 100, step: 2), segment(131, 1),
        ]
        #expect(SegmentMerge.merge(segments, maximumLength: 100) == segments)
        #expect(SegmentMerge.merge([]) == [])
        #expect(SegmentMerge.merge([segments[0]], maximumLength: 1) == [segments[0]])
    }
}

struct ProgramFailed: Error {
    let status: Int32
}

/// What a program of this machine writes when it reads `input`. Through files: a full pipe would stop both ends.
private func run(_ program: String, _ arguments: [String], input: [UInt8]) throws -> [UInt8] {
    let base = FileManager.default.temporaryDirectory.appending(path: "skep-\(UUID().uuidString)")
    let (source, target) = (base.appendingPathExtension("in"), base.appendingPathExtension("out"))
    defer { for file in [source, target] { try? FileManager.default.removeItem(at: file) } }
    try Data(input).write(to: source)
    try Data().write(to: target)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardInput = try FileHandle(forReadingFrom: source)
    process.standardOutput = try FileHandle(forWritingTo: target)
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw ProgramFailed(status: process.terminationStatus) }
    return try Array(Data(contentsOf: target))
}

private let hasPython = (try? run("python3", ["-c", "import zlib"], input: [])) != nil
