/// How a body may be encoded in transfer to a client (RFC 9110, 8.4.1).
package enum ContentCoding: String, Sendable, Hashable {
    case identity
    case gzip

    /// What an `Accept-Encoding` header (several lines joined by commas) likes best, gzip where both are liked the same
    /// (RFC 9110, 12.5.3). nil: neither is accepted. Without a header a client may take anything, but then those that
    /// cannot read gzip are among them: identity.
    package static func preferred(acceptEncoding header: String?) -> ContentCoding? {
        guard let header else { return .identity }
        let weights = Self.weights(in: header)
        let others = weights["*"]
        let gzip = weights["gzip"] ?? others ?? 0
        let identity = weights["identity"] ?? (others == 0 ? 0 : nil)
        // Unlisted, identity is acceptable, but liked less than anything listed.
        if gzip > 0, gzip >= identity ?? 0 { return .gzip }
        return identity == 0 ? nil : .identity
    }

    /// Thousandths by coding. Elements that are not well formed count as not there.
    private static func weights(in header: String) -> [String: Int] {
        header.split(separator: ",").reduce(into: [:]) { weights, element in
            let parts = element.split(separator: ";", omittingEmptySubsequences: false).map { trimmed($0).lowercased() }
            guard parts.count <= 2, let weight = parts.count == 2 ? weight(parts[1]) : 1000 else { return }
            weights[parts[0] == "x-gzip" ? "gzip" : parts[0]] = weight
        }
    }

    /// `q=` and 0 to 1 with up to three decimals.
    private static func weight(_ parameter: String) -> Int? {
        guard parameter.hasPrefix("q=") else { return nil }
        let parts = parameter.dropFirst(2).split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? parts[1] : ""
        guard let whole = parts.first, whole == "0" || whole == "1", decimals.utf8.count <= 3 else { return nil }
        guard decimals.utf8.allSatisfy(isDigit) else { return nil }
        let padded = whole + decimals + String(repeating: "0", count: 3 - decimals.utf8.count)
        return Int(padded).flatMap { $0 <= 1000 ? $0 : nil }
    }
}
