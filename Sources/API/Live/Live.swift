import Builds
import Synchronization

/// What is followed on this server.
final class Live: Sendable {
    let tails: Tails
    let feed: EventFeed
    let heartbeat: Duration
    /// Streams that are open.
    let open = Atomic(0)

    init(engine: Engine) {
        tails = Tails(engine: engine)
        feed = EventFeed(engine: engine)
        heartbeat = engine.settings.heartbeat
    }
}
