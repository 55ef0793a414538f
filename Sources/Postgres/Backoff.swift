/// When the next connection of a kind may be tried. Doubles from 50 ms to 5 s, shortened by chance to as little as half.
struct Backoff {
    typealias Instant = ContinuousClock.Instant

    private static let first = Duration.milliseconds(50)
    private static let longest = Duration.seconds(5)

    private(set) var failures = 0
    private(set) var until: Instant?

    /// `chance` is from 0 up to 1. Connections that fail together count once.
    mutating func failed(at now: Instant, chance: Double) {
        if let until, now < until { return }
        failures += 1
        let doubled = Self.first * (1 << min(failures - 1, 10))
        until = now + min(doubled, Self.longest) * (0.5 + chance / 2)
    }

    mutating func succeeded() {
        self = Backoff()
    }

    func allows(_ now: Instant) -> Bool { until.map { $0 <= now } ?? true }
}
