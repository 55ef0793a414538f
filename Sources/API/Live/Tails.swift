import Builds
import Logging
import Synchronization

/// The logs that are read along on this server. A job's is read as long as somebody is there for it.
final class Tails: Sendable {
    private struct Entry {
        var tail: JobTail
        var task: Task<Void, Never>
        var readers = 0
    }

    private let engine: Engine
    private let entries = Mutex<[Int64: Entry]>([:])
    /// For those who are behind: so many at once may read from the database.
    let catchingUp = Gate(8)

    init(engine: Engine) {
        self.engine = engine
    }

    /// How many jobs are followed now.
    var count: Int { entries.withLock(\.count) }

    func withTail(
        ofJob id: Int64, _ logger: Logger, _ body: (JobTail) async throws -> Void
    ) async throws {
        let tail = join(id, logger)
        defer { leave(id) }
        try await body(tail)
    }

    private func join(_ id: Int64, _ logger: Logger) -> JobTail {
        entries.withLock { entries in
            var entry = entries[id] ?? Self.begin(JobTail(jobID: id, engine: engine, logger: logger))
            entry.readers += 1
            entries[id] = entry
            return entry.tail
        }
    }

    private static func begin(_ tail: JobTail) -> Entry {
        Entry(tail: tail, task: Task { await tail.run() })
    }

    private func leave(_ id: Int64) {
        entries.withLock { entries in
            entries[id]?.readers -= 1
            guard let entry = entries[id], entry.readers == 0 else { return }
            entry.task.cancel()
            entries[id] = nil
        }
    }
}
