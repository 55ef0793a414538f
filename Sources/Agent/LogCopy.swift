/// Copies a job's output to the log that is sent while it is written: its secrets masked, its middle left out where it is too
/// long, and no faster than the server takes it.
struct LogCopy: Sendable {
    let output: JobLog
    let log: LimitedLog
    /// nil: there is nothing to mask.
    let masker: Masker?
    /// Lets the job write.
    let valve: Valve
    /// Bytes that may wait to be sent.
    let backlog: Int64

    /// Returns when `output` is closed and `log` has all of it; then the log is closed too.
    func run() async throws {
        defer { log.log.close() }
        var limited = log
        var hiding = masker
        var offset: Int64 = 0
        var step: Int?
        while true {
            // Read before the size: what is written before the output was closed is then seen.
            let isClosed = output.isClosed
            if !limited.isFull, limited.log.unsent >= backlog {
                try await Task.sleep(for: .milliseconds(10))
            } else if let slice = try output.slice(from: offset, limit: LogUploader.segmentLength) {
                if slice.step != step {
                    try limited.write(hiding?.finish() ?? [])
                    limited.begin(step: slice.step)
                    step = slice.step
                }
                try limited.write(hiding?.feed(slice.bytes) ?? slice.bytes)
                offset += Int64(slice.bytes.count)
                output.forget(upTo: offset)
                valve.open(from: offset)
                // A flood leaves no pause to notice that the job was given up.
                try Task.checkCancellation()
            } else if isClosed {
                try limited.write(hiding?.finish() ?? [])
                return try limited.finish()
            } else {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }
}
