import Synchronization

/// A number that only goes up, since the start of the process.
package final class Counter: Sendable {
    private let count = Atomic<Int64>(0)

    package init() {}

    package var value: Int64 { count.load(ordering: .relaxed) }

    package func increment(by amount: Int64 = 1) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }
}
