/// Copies a job's output to the log that is sent, with its secrets masked, while it is written.
struct LogMasking: Sendable {
    let output: JobLog
    let log: JobLog
    var masker: Masker

    /// Returns when `output` is closed and `log` has all of it; then `log` is closed too.
    func run() async throws {
        defer { log.close() }
        var masker = masker
        var offset: Int64 = 0
        var step: Int?
        while true {
            // Read before the size: what is written before the output was closed is then seen.
            let isClosed = output.isClosed
            if let slice = try output.slice(from: offset, limit: LogUploader.segmentLength) {
                if slice.step != step {
                    try log.write(masker.finish())
                    log.begin(step: slice.step)
                    step = slice.step
                }
                try log.write(masker.feed(slice.bytes))
                offset += Int64(slice.bytes.count)
            } else if isClosed {
                return try log.write(masker.finish())
            } else {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }
}
