import HTTPTypes

/// Which peers are believed when they say whom they forward a request for.
///
/// From anybody else the headers mean nothing: each client can write them.
package struct TrustedProxies: Sendable {
    /// The header that the proxies write. Only this one is read: the other may come through from a client as it is.
    package enum Header: String, Sendable, CaseIterable {
        case xForwardedFor = "x-forwarded-for"
        /// RFC 7239.
        case forwarded
    }

    package struct InvalidAddress: Error {
        package let text: String
    }

    private let ranges: [AddressRange]
    private let header: Header

    /// - Parameter addresses: such as `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`; none: nobody is trusted.
    package init(_ addresses: [String] = [], header: Header = .xForwardedFor) throws(InvalidAddress) {
        var ranges: [AddressRange] = []
        for text in addresses {
            guard let range = AddressRange(text) else { throw InvalidAddress(text: text) }
            ranges.append(range)
        }
        self.ranges = ranges
        self.header = header
    }

    private init() {
        ranges = []
        header = .xForwardedFor
    }

    /// Nobody is trusted.
    package static let none = TrustedProxies()

    /// Where a request comes from.
    struct Client: Sendable, Hashable {
        /// nil: not from the Internet.
        var address: IPAddress?
        /// It came to the proxy by https.
        var isSecure = false
        /// Below which path the proxy has the API, such as `/ci`; empty: at the root.
        var prefix = ""
    }

    /// From a trusted peer, the last address in the header that is no trusted one itself. What stands to the left of it the
    /// client may have written. Where the header stops making sense, the proxy that wrote it so is the client.
    func client(of peer: IPAddress?, _ headers: HTTPFields) -> Client {
        guard !ranges.isEmpty, let peer, isTrusted(peer) else { return Client(address: peer) }
        let hops = hops(headers)
        var client = Client(address: peer, isSecure: isSecure(hops, headers), prefix: prefix(headers))
        for hop in hops.reversed() {
            guard let address = hop.address else { break }
            client.address = address
            guard isTrusted(address) else { break }
        }
        return client
    }

    private func isTrusted(_ address: IPAddress) -> Bool {
        ranges.contains { $0.contains(address) }
    }

    private func isSecure(_ hops: [ForwardedHop], _ headers: HTTPFields) -> Bool {
        guard header == .xForwardedFor else { return hops.last?.isSecure == true }
        let last = headers[values: .xForwardedProto].last?.split(separator: ",").last
        return last.map { $0.trimmed.lowercased() == "https" } ?? false
    }

    /// What cannot stand in a link as it is means nothing.
    private func prefix(_ headers: HTTPFields) -> String {
        guard let text = headers[.xForwardedPrefix]?.trimmed, text.hasPrefix("/"), text.utf8.count <= 200 else {
            return ""
        }
        let isPlain = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-._~/".utf8.contains(byte)
        }
        guard isPlain, !text.contains("//") else { return "" }
        return text.hasSuffix("/") ? String(text.dropLast()) : String(text)
    }

    /// The newest ones, oldest first.
    private func hops(_ headers: HTTPFields) -> [ForwardedHop] {
        let hops: [ForwardedHop]
        switch header {
        case .xForwardedFor:
            let list = headers[values: .xForwardedFor].joined(separator: ",")
            hops =
                list.isEmpty
                ? [] : list.split(separator: ",", omittingEmptySubsequences: false).map { ForwardedHop(node: $0) }
        case .forwarded: hops = ForwardedHop.list(headers[values: .forwarded].joined(separator: ","))
        }
        return hops.suffix(Self.mostHops)
    }

    private static let mostHops = 32
}

extension HTTPField.Name {
    // Names that are tokens by RFC 9110, 5.1.
    // swift-format-ignore: NeverForceUnwrap
    static let xForwardedFor = HTTPField.Name("X-Forwarded-For")!
    // swift-format-ignore: NeverForceUnwrap
    static let xForwardedProto = HTTPField.Name("X-Forwarded-Proto")!
    // swift-format-ignore: NeverForceUnwrap
    static let xForwardedPrefix = HTTPField.Name("X-Forwarded-Prefix")!
    // swift-format-ignore: NeverForceUnwrap
    static let forwarded = HTTPField.Name("Forwarded")!
}
