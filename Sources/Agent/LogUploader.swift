import LogStream

/// Sends a job's log to the server while it is written: in order, one segment at a time, each until it is acknowledged.
actor LogUploader {
    /// Bytes of one segment before deflating.
    static let segmentLength = 256 << 10

    private let log: JobLog
    private let attempt: AttemptClient
    private var acknowledged: Int64 = 0 {
        didSet { log.noteSent(upTo: acknowledged) }
    }

    init(log: JobLog, attempt: AttemptClient) {
        self.log = log
        self.attempt = attempt
    }

    /// Returns when the log is closed and the server has all of it.
    /// - Throws: what waiting cannot change: a stale attempt, a refusal, a cancelled task.
    func drain() async throws {
        while true {
            // Read before the size: what is written before the log was closed is then seen.
            let isClosed = log.isClosed
            if let slice = try log.slice(from: acknowledged, limit: Self.segmentLength) {
                try await send(slice)
                try await gather()
            } else if isClosed {
                return
            } else {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Sends again from `offset`, which is where the server stands, until it has all.
    func drain(from offset: Int64) async throws {
        try moveBack(to: offset)
        try await drain()
    }

    /// Lets output gather for up to 200 ms, so that a chatty job does not become thousands of segments.
    private func gather() async throws {
        for _ in 0..<10 where !log.isClosed && log.size - acknowledged < Self.segmentLength {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func send(_ slice: JobLog.Slice) async throws {
        let (data, crc32) = SegmentCodec.deflate(slice.bytes)
        do {
            try await persistently { [attempt] in try await attempt.append(slice, data: data, crc32: crc32) }
            acknowledged = slice.offset + Int64(slice.bytes.count)
        } catch ServerFault.logSize(let size) {
            // The same place again would be asked for without a pause, for ever.
            if size == slice.offset { try await Task.sleep(for: .seconds(1)) }
            try moveBack(to: size)
        }
    }

    private func moveBack(to offset: Int64) throws {
        guard 0...log.size ~= offset else {
            throw ServerFault.rejected(status: 409, message: "the server has \(offset) bytes of a log of \(log.size)")
        }
        acknowledged = offset
    }
}
