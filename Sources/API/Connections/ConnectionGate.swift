import Logging
import NIOCore
import Synchronization

/// Counts open connections, and says which of them may stay.
final class ConnectionGate: Sendable {
    enum Place: Sendable {
        case inside
        /// To be told that there is no room.
        case outside
        /// Too many are being told already.
        case nowhere
    }

    private struct State: Sendable {
        var inside = 0
        var outside = 0
        /// When a warning was last logged.
        var toldAt: NIODeadline?
    }

    private let state = Mutex(State())
    private let limit: Int

    /// Connections that are being told at once, so that descriptors have a bound too.
    static let mostOutside = 256

    init(limit: Int) {
        self.limit = limit
    }

    func enter(_ logger: Logger) -> Place {
        let (place, tells) = state.withLock { state -> (Place, Bool) in
            if state.inside < limit {
                state.inside += 1
                return (.inside, false)
            }
            let now = NIODeadline.now()
            let tells = state.toldAt.map { now - $0 > .seconds(10) } ?? true
            if tells { state.toldAt = now }
            guard state.outside < Self.mostOutside else { return (.nowhere, tells) }
            state.outside += 1
            return (.outside, tells)
        }
        if tells { logger.warning("no room for more connections", metadata: ["connections": "\(limit)"]) }
        return place
    }

    func leave(_ place: Place) {
        state.withLock { state in
            switch place {
            case .inside: state.inside -= 1
            case .outside: state.outside -= 1
            case .nowhere: break
            }
        }
    }
}
