import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage

/// One job's output on disk, from its first byte to its last, and which bytes are which step's.
final class JobLog: Sendable {
    /// Bytes of one step that follow each other.
    struct Slice {
        var offset: Int64
        var step: Int
        var bytes: [UInt8]
    }

    private struct Marks {
        var steps: [(start: Int64, step: Int)] = []
        var isClosed = false
        var sent: Int64 = 0
        var forgotten: Int64 = 0
    }

    /// Opened for appending and closed on exec; whoever writes to it writes at the log's end.
    let descriptor: FileDescriptor
    private let marks = Mutex(Marks())

    /// The file must not exist.
    init(path: String) throws {
        descriptor = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.append, .create, .exclusiveCreate, .closeOnExec],
            permissions: .ownerReadWrite)
    }

    deinit { try? descriptor.close() }

    var size: Int64 {
        var status = stat()
        return fstat(descriptor.rawValue, &status) == 0 ? Int64(status.st_size) : 0
    }

    var isClosed: Bool { marks.withLock(\.isClosed) }

    /// The step that was begun last.
    var lastStep: Int? { marks.withLock { $0.steps.last?.step } }

    /// Bytes that are not known to be with the server.
    var unsent: Int64 { size - marks.withLock(\.sent) }

    func noteSent(upTo offset: Int64) {
        marks.withLock { $0.sent = offset }
    }

    /// Gives the disk back what lies before `offset` and is not read again: a MiB at a time, and never the last byte. On a file
    /// system that cannot make holes nothing happens.
    func forget(upTo offset: Int64) {
        let end = max(offset - 1, 0) & ~4095
        let start = marks.withLock { marks -> Int64? in
            guard end - marks.forgotten >= 1 << 20 else { return nil }
            defer { marks.forgotten = end }
            return marks.forgotten
        }
        if let start { SystemCalls.punchHole(in: descriptor.rawValue, from: start, to: end) }
    }

    /// What is written from now on belongs to `step`.
    func begin(step: Int) {
        let size = size
        marks.withLock { $0.steps.append((size, step)) }
    }

    /// Nothing is written afterwards.
    func close() {
        marks.withLock { $0.isClosed = true }
    }

    func write(_ bytes: [UInt8]) throws {
        try descriptor.writeAll(bytes)
    }

    /// Adds all of another log.
    func append(_ other: JobLog) throws {
        var offset: Int64 = 0
        while let slice = try other.slice(from: offset, limit: 64 << 10) {
            try write(slice.bytes)
            offset += Int64(slice.bytes.count)
        }
    }

    /// Adds one line from Skep itself, on a line of its own whatever the job wrote last.
    func say(_ text: String) throws {
        let size = size
        var last: [UInt8] = [0]
        let read = try last.withUnsafeMutableBytes {
            size > 0 ? try descriptor.read(fromAbsoluteOffset: size - 1, into: $0) : 0
        }
        let isMidLine = read == 1 && last != [UInt8(ascii: "\n")]
        try write(Array("\(isMidLine ? "\n" : "")skep: \(text)\n".utf8))
    }

    /// What follows `offset`, up to `limit` bytes and to the end of that byte's step; nil when nothing does.
    func slice(from offset: Int64, limit: Int) throws -> Slice? {
        let size = size
        guard offset < size else { return nil }
        let (step, end) = marks.withLock { marks in
            (
                marks.steps.last { $0.start <= offset }?.step ?? 0,
                marks.steps.first { $0.start > offset }?.start ?? size
            )
        }
        let count = Int(min(Int64(limit), end - offset))
        let bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = try descriptor.read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))
        }
        return bytes.isEmpty ? nil : Slice(offset: offset, step: step, bytes: bytes)
    }
}
