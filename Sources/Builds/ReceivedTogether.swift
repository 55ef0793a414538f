import Store

/// Stores deliveries that arrive at the same time in one statement: they share its commit, and with it the flush of the disk.
///
/// Nothing waits for company: while one statement is under way the next ones gather.
actor ReceivedTogether {
    private static let most = 64
    /// Of a statement's bodies together; a larger one goes alone.
    private static let mostBytes = 4 << 20

    private struct Waiting {
        var delivery: NewDelivery
        var continuation: CheckedContinuation<ReceivedDelivery, any Error>
    }

    private let store: Store
    private var line: [Waiting] = []
    private var isStoring = false

    init(_ store: Store) {
        self.store = store
    }

    /// See `Store.receiveDeliveries`. Ends when the delivery is stored and committed.
    func receive(_ delivery: NewDelivery) async throws -> ReceivedDelivery {
        try await withCheckedThrowingContinuation { continuation in
            line.append(Waiting(delivery: delivery, continuation: continuation))
            guard !isStoring else { return }
            isStoring = true
            Task { await self.storeAll() }
        }
    }

    private func storeAll() async {
        while !line.isEmpty {
            let together = takeNext()
            do {
                let received = try await store.receiveDeliveries(together.map(\.delivery))
                for (waiting, received) in zip(together, received) { waiting.continuation.resume(returning: received) }
            } catch {
                await storeApart(together, error)
            }
        }
        isStoring = false
    }

    /// One that the database refuses must not take the others with it.
    private func storeApart(_ all: [Waiting], _ error: any Error) async {
        guard all.count > 1 else { return all.forEach { $0.continuation.resume(throwing: error) } }
        for waiting in all {
            do {
                let received = try await store.receiveDeliveries([waiting.delivery])
                waiting.continuation.resume(returning: received[0])
            } catch {
                waiting.continuation.resume(throwing: error)
            }
        }
    }

    /// The first ones, up to a repeated delivery: it is stored after its first one.
    private func takeNext() -> [Waiting] {
        var keys: Set<[String]> = []
        var bytes = 0
        let end =
            line.prefix(Self.most).firstIndex { waiting in
                let delivery = waiting.delivery
                bytes += delivery.body.count
                let isFirst = keys.isEmpty
                return !keys.insert(["\(delivery.repoID)", delivery.key]).inserted || !isFirst && bytes > Self.mostBytes
            } ?? min(line.count, Self.most)
        defer { line.removeFirst(end) }
        return Array(line[..<end])
    }
}
