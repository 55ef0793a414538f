/// A log that keeps the beginning and the end of what is written to it, and says in one line what was left out between.
///
/// The first three quarters of the limit are in the log at once, what follows when all is written.
struct LimitedLog: Sendable {
    let log: JobLog
    private let head: Int64
    private let tail: Int64
    private let path: String
    private var written: Int64 = 0
    private var step = 0
    private var end: KeptEnd?

    /// - Parameters:
    ///   - limit: bytes, of those that are written: the line that stands for the others comes on top.
    ///   - path: of a file that holds the end meanwhile, made when it is needed.
    init(_ log: JobLog, limit: Int64, path: String) {
        self.log = log
        tail = limit / 4
        head = limit - tail
        self.path = path
    }

    /// Nothing that is written now is in the log before the end.
    var isFull: Bool { end != nil }

    /// What is written from now on belongs to `step`.
    mutating func begin(step: Int) {
        self.step = step
        if let end { end.begin(step: step) } else { log.begin(step: step) }
    }

    mutating func write(_ bytes: [UInt8]) throws {
        let fitting = Int(min(Int64(bytes.count), max(head - written, 0)))
        written += Int64(bytes.count)
        if fitting > 0 { try log.write(fitting == bytes.count ? bytes : Array(bytes[..<fitting])) }
        guard fitting < bytes.count else { return }
        let kept = try end ?? KeptEnd(path: path, capacity: tail, step: step)
        end = kept
        try kept.write(bytes[fitting...])
    }

    /// Nothing is written afterwards.
    func finish() throws {
        guard let end else { return }
        if end.leftOut > 0 { try log.say("\(end.leftOut) bytes of output were left out here") }
        var step = log.lastStep
        try end.forEachSlice { slice in
            if slice.step != step { log.begin(step: slice.step) }
            step = slice.step
            try log.write(slice.bytes)
        }
    }
}
