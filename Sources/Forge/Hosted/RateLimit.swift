import FoundationEssentials

extension ForgeReply {
    /// How long the forge wants to be left alone. nil: it does not.
    ///
    /// GitHub answers 403 or 429, with `Retry-After` or with `X-RateLimit-Remaining: 0` and `X-RateLimit-Reset`; GitLab 429 with
    /// `Retry-After` and `RateLimit-Reset`. A wait is a minute where none is named, and never over an hour.
    func rateLimit(now: Date) -> Duration? {
        let isSpent = self[header: "X-RateLimit-Remaining"] == "0" || self[header: "RateLimit-Remaining"] == "0"
        let after = self[header: "Retry-After"]
        guard status == 429 || (status == 403 && (isSpent || after != nil)) else { return nil }
        return Self.bounded(wait(now: now) ?? 60)
    }

    /// What a forge that is down for a while says, with 503.
    var pauseNamed: Duration? {
        self[header: "Retry-After"].flatMap { Double($0.trimmingSpaces) }.map(Self.bounded)
    }

    private func wait(now: Date) -> Double? {
        if let after = self[header: "Retry-After"], let seconds = Double(after.trimmingSpaces) { return seconds }
        let reset = self[header: "X-RateLimit-Reset"] ?? self[header: "RateLimit-Reset"]
        return reset.flatMap { Double($0.trimmingSpaces) }.map { $0 - now.timeIntervalSince1970 + 1 }
    }

    private static func bounded(_ seconds: Double) -> Duration {
        .seconds(seconds.isFinite ? min(max(seconds, 0), 3600) : 60)
    }
}
