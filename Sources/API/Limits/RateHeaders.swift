import HTTPTypes

extension RateVerdict {
    /// Of draft-ietf-httpapi-ratelimit-headers-06: the three that clients know.
    func write(to headers: inout HTTPFields) {
        headers[.rateLimitLimit] = String(limit)
        headers[.rateLimitRemaining] = String(remaining)
        headers[.rateLimitReset] = String(reset)
    }

    /// For one that is refused.
    var failure: Failure {
        let seconds = retryAfter ?? 1
        return Failure(
            .tooManyRequests, "rate_limited",
            "Too many requests: wait \(seconds) s. At most \(limit) a minute are taken.",
            headers: [.retryAfter: String(seconds)])
    }
}

extension HTTPField.Name {
    // Names that are tokens by RFC 9110, 5.1.
    // swift-format-ignore: NeverForceUnwrap
    static let rateLimitLimit = HTTPField.Name("RateLimit-Limit")!
    // swift-format-ignore: NeverForceUnwrap
    static let rateLimitRemaining = HTTPField.Name("RateLimit-Remaining")!
    // swift-format-ignore: NeverForceUnwrap
    static let rateLimitReset = HTTPField.Name("RateLimit-Reset")!
}
