import SystemPackage

/// The last bytes of a stream, in a file of a fixed size that is written round and round.
///
/// `@unchecked Sendable`: its one writer is its one reader, after the last write.
final class KeptEnd: @unchecked Sendable {
    private let descriptor: FileDescriptor
    private let capacity: Int64
    private var total: Int64 = 0
    private var steps: [(start: Int64, step: Int)]

    /// The file must not exist.
    init(path: String, capacity: Int64, step: Int) throws {
        descriptor = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: .ownerReadWrite)
        self.capacity = max(capacity, 1)
        steps = [(0, step)]
    }

    deinit { try? descriptor.close() }

    /// How many bytes came and are not kept.
    var leftOut: Int64 { max(total - capacity, 0) }

    func begin(step: Int) {
        steps.append((total, step))
    }

    func write(_ bytes: ArraySlice<UInt8>) throws {
        // Of more than fits only the last bytes matter.
        let skipped = max(bytes.count - Int(capacity), 0)
        total += Int64(skipped)
        var rest = bytes.dropFirst(skipped)
        while !rest.isEmpty {
            let place = total % capacity
            let piece = rest.prefix(Int(min(Int64(rest.count), capacity - place)))
            _ = try descriptor.writeAll(toAbsoluteOffset: place, piece)
            total += Int64(piece.count)
            rest = rest.dropFirst(piece.count)
        }
    }

    /// What is kept, in order, in pieces of one step each.
    func forEachSlice(_ body: (JobLog.Slice) throws -> Void) throws {
        var offset = leftOut
        while offset < total {
            let step = steps.last { $0.start <= offset }?.step ?? 0
            let limit = min(total, steps.first { $0.start > offset }?.start ?? total)
            let place = offset % capacity
            let count = Int(min(limit - offset, capacity - place, Int64(LogUploader.segmentLength)))
            let bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                filled = try descriptor.read(fromAbsoluteOffset: place, into: UnsafeMutableRawBufferPointer(buffer))
            }
            guard !bytes.isEmpty else { throw AgentError(.system, "the end of a log was cut on disk") }
            try body(JobLog.Slice(offset: offset, step: step, bytes: bytes))
            offset += Int64(bytes.count)
        }
    }
}
