import API
import Configuration
import NIOCore

/// What stands between the network and the routes.
struct FrontSettings: Sendable {
    /// Who is believed about whom a request is forwarded for.
    var proxies = TrustedProxies.none
    /// How often one client may ask.
    var rates = RateLimits.Settings()
    /// How many connections there may be, and what they may take.
    var connections = ConnectionLimits()
    /// Where health is answered apart from everything else; nil: only with everything else.
    var health: Listen?
    /// Whether each request is logged.
    var logsRequests = false
}

extension Settings {
    func front() throws -> FrontSettings {
        var front = FrontSettings()
        front.proxies = try trustedProxies()
        try setRate("limits.requests_per_minute", &front.rates.requests)
        try setRate("limits.anonymous_requests_per_minute", &front.rates.anonymous)
        try setRate("limits.failed_authentications_per_minute", &front.rates.failures)
        try setRate("limits.hooks_per_minute", &front.rates.hooks)
        front.connections = try connectionLimits()
        front.logsRequests = try logsRequests
        front.health = try string("health.listen").map { try Listen($0, key: "health.listen") }
        return front
    }

    private func connectionLimits() throws -> ConnectionLimits {
        var limits = ConnectionLimits()
        limits.connections = try int("limits.connections", in: 1...1_000_000) ?? limits.connections
        limits.headBytes = try int("limits.header_bytes", in: 4096...1_048_576) ?? limits.headBytes
        limits.head = try seconds("limits.header_seconds") ?? limits.head
        limits.body = try seconds("limits.body_seconds") ?? limits.body
        limits.write = try seconds("limits.write_seconds") ?? limits.write
        return limits
    }

    private func seconds(_ key: String) throws -> TimeAmount? {
        try int(key, in: 1...3600).map { .seconds(Int64($0)) }
    }

    private func setRate(_ key: String, _ rate: inout Int) throws {
        rate = try int(key, in: 0...100_000_000) ?? rate
    }

    private func trustedProxies() throws -> TrustedProxies {
        let header = string("proxies.header") ?? TrustedProxies.Header.xForwardedFor.rawValue
        guard let header = TrustedProxies.Header(rawValue: header.lowercased()) else {
            throw SettingsError(message: "proxies.header must be x-forwarded-for or forwarded.")
        }
        do {
            return try TrustedProxies(list("proxies.trusted"), header: header)
        } catch {
            throw SettingsError(
                message:
                    "proxies.trusted must be addresses or ranges such as 10.0.0.0/8 and fd00::/8; \(error.text) is none."
            )
        }
    }

    /// A list, or words between commas.
    func list(_ key: String) -> [String] {
        let words = reader.stringArray(forKey: ConfigKey(key)) ?? string(key).map { [$0] } ?? []
        return words.flatMap { $0.split { $0 == "," || $0 == " " }.map(String.init) }
    }
}
