import Synchronization

/// Keeps values that are costly to make again, of a limited cost in all, and those longest that are asked for.
///
/// Two generations: what is asked for moves into the young one; once that has half of the cost, it becomes the old one, and
/// what the old one had is forgotten.
package final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct State {
        var young: [Key: (value: Value, cost: Int)] = [:]
        var old: [Key: (value: Value, cost: Int)] = [:]
        var cost = 0

        mutating func insert(_ entry: (value: Value, cost: Int), for key: Key, half: Int) {
            cost -= young[key]?.cost ?? 0
            if cost + entry.cost > half {
                old = young
                old[key] = nil
                young = [:]
                cost = 0
            }
            young[key] = entry
            cost += entry.cost
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: the sum of the costs of what is kept, at most.
    package init(limit: Int) {
        self.limit = limit
    }

    package subscript(key: Key) -> Value? {
        state.withLock { state -> Value? in
            if let entry = state.young[key] { return entry.value }
            guard let entry = state.old[key] else { return nil }
            state.insert(entry, for: key, half: limit / 2)
            return entry.value
        }
    }

    /// Keeps a value, unless it alone costs more than half of the limit.
    package func keep(_ value: Value, for key: Key, cost: Int) {
        guard cost <= limit / 2 else { return }
        state.withLock { $0.insert((value, cost), for: key, half: limit / 2) }
    }
}
