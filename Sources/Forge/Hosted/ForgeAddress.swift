import FoundationEssentials

/// How a forge with an API is reached, and as whom.
package struct ForgeAddress: Sendable {
    /// The forge as people see it, such as `https://github.com`; no slash at the end.
    package let url: String
    /// Where its API is, such as `https://api.github.com`; no slash at the end.
    package let api: String
    package var token: String
    /// What agents may clone with; nil: what is public only. Never `token`, which may do more than read.
    package var cloneToken: String?
    /// The name of the forge in URLs; nil for the default one.
    package var forge: String?
    /// Where hooks are to send what happens.
    package var hookURL: String
    /// A file of certificates in PEM that are trusted beside the system's.
    package var certificates: String?
    /// `http://HOST:PORT` of a proxy; nil: none.
    package var proxy: String?
    /// For one try of one request.
    package var timeout = Duration.seconds(20)
    /// How often a question is asked again that met a failure which may pass.
    package var retries = 2
    /// Before the first time again; twice as long before each next one.
    package var pause = Duration.milliseconds(250)

    /// - Throws: `ForgeError` where an address is not an `http` or `https` URL with a host and nothing after the path.
    package init(url: String, api: String, token: String, forge: String?, hookURL: String) throws(ForgeError) {
        self.url = try Self.checked(url)
        self.api = try Self.checked(api)
        self.token = token
        self.forge = forge
        self.hookURL = hookURL
    }

    private static func checked(_ text: String) throws(ForgeError) -> String {
        let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard let url = URL(string: trimmed), ["http", "https"].contains(url.scheme), url.host()?.isEmpty == false,
            url.query() == nil, url.fragment() == nil, url.user() == nil
        else { throw ForgeError(.system, "the address of a forge has to be like https://HOST; it is \(text)") }
        return trimmed
    }
}

/// Where a request would go: who answers there.
struct HostAndPort: Hashable {
    var scheme: String
    var host: String
    var port: Int

    init?(_ url: URL) {
        guard let scheme = url.scheme?.lowercased(), let host = url.host()?.lowercased(), !host.isEmpty else {
            return nil
        }
        self.scheme = scheme
        self.host = host
        port = url.port ?? (scheme == "https" ? 443 : 80)
    }
}
