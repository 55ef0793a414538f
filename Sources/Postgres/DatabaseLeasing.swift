extension Database {
    private static let mostRetries = 3
    private static let commit = Statement(name: "commit", sql: "commit")

    /// Runs `body` inside a transaction on a leased connection and commits; rolls back when `body` throws.
    ///
    /// After a serialization failure or a deadlock it starts again from the beginning, up to three times, so `body` may
    /// run several times. When `body` returns although one of its statements has failed, nothing is committed and that
    /// statement's error is thrown. An error of code `.connection` may come from a commit that has happened.
    package func transaction<T: Sendable>(
        isolation: Isolation = .readCommitted, _ body: @Sendable (Connection) async throws -> T
    ) async throws -> T {
        var retries = 0
        while true {
            let lease = try await loop.lease(begin: isolation.begin)
            do {
                let value = try await body(Connection(loop: loop, lease: lease))
                try await commit(lease)
                loop.tell(.endLease(lease, nil))
                return value
            } catch {
                await loop.end(lease)
                guard retries < Self.mostRetries, lease.mayRetry(after: error) else { throw error }
            }
            retries += 1
            try await pause(retries)
        }
    }

    /// Lends a connection without a transaction, for long reads. Settings made on it must not outlive `body`.
    package func lease<T: Sendable>(_ body: @Sendable (Connection) async throws -> T) async throws -> T {
        let lease = try await loop.lease()
        do {
            let value = try await body(Connection(loop: loop, lease: lease))
            loop.tell(.endLease(lease, nil))
            return value
        } catch {
            await loop.end(lease)
            throw error
        }
    }

    /// Not to be cancelled: what became of a commit must be known. PostgreSQL answers ROLLBACK to the commit of a
    /// transaction in which a statement has failed.
    private func commit(_ lease: Lease) async throws {
        guard lease.isUsed else { return }
        let rows = try await loop.uncancelled(Request(Self.commit, once: true), on: lease)
        guard rows.result.command == "COMMIT" else {
            throw lease.failure
                ?? PostgresError(
                    .server(SQLState.failedTransaction), "the transaction was rolled back",
                    sqlState: SQLState.failedTransaction, statement: Self.commit.name)
        }
    }

    /// Up to 20, 40 and 60 ms, by chance, so that two who met do not meet again.
    private func pause(_ retries: Int) async throws {
        do {
            try await Task.sleep(for: .milliseconds(20 * retries) * Double.random(in: 0.1..<1))
        } catch {
            throw PostgresError.taskCancelled
        }
    }
}

extension Lease {
    fileprivate func mayRetry(after error: any Error) -> Bool {
        let errors = [error as? PostgresError, failure]
        return !Task.isCancelled && errors.contains { $0.map { $0.isSerializationFailure || $0.isStalePlan } ?? false }
    }
}
