import Synchronization

/// How many observations were at most so many seconds, since the start of the process.
package final class Histogram: Sendable {
    /// What was observed until now.
    package struct Snapshot: Sendable, Equatable {
        /// For each bound, how many observations were at most it; those of lower bounds included.
        package var cumulative: [(bound: Double, count: Int64)]
        package var count: Int64
        package var sum: Double

        package static func == (left: Snapshot, right: Snapshot) -> Bool {
            left.count == right.count && left.sum == right.sum
                && left.cumulative.elementsEqual(right.cumulative, by: ==)
        }
    }

    private struct State {
        /// One more than there are bounds: what is above all of them.
        var counts: [Int64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    /// - Parameter bounds: seconds, going up.
    package init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    package func observe(_ seconds: Double) {
        // Clocks of two machines may differ: what ends before it began took no time.
        let seconds = max(0, seconds)
        let index = bounds.firstIndex { seconds <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += seconds
        }
    }

    package func observe(_ duration: Duration) {
        let parts = duration.components
        observe(Double(parts.seconds) + Double(parts.attoseconds) * 1e-18)
    }

    package var snapshot: Snapshot {
        let state = state.withLock { $0 }
        var total: Int64 = 0
        let cumulative = zip(bounds, state.counts).map { bound, count in
            total += count
            return (bound: bound, count: total)
        }
        return Snapshot(cumulative: cumulative, count: total + (state.counts.last ?? 0), sum: state.sum)
    }

    /// From a millisecond to the longest poll.
    package static let ofRequests = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    /// From a tenth of a second to a day.
    package static let ofWaits = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14400, 86400]
}
