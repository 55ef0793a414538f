import FoundationEssentials
import Glibc

/// Where a container engine listens, written as Docker's own client takes it.
package struct EngineAddress: Sendable, Hashable, CustomStringConvertible {
    /// `unix:///run/docker.sock` or `tcp://HOST:PORT`.
    package let description: String
    /// What stands before a path of the API in a URL.
    let base: String
    /// The folder of `ca.pem`, `cert.pem` and `key.pem`; nil where the connection has no TLS.
    let certificates: String?

    var isSocket: Bool { description.hasPrefix("unix://") }

    package static let standard = EngineAddress(socket: "/var/run/docker.sock")

    private init(socket: String) {
        self.init(description: "unix://\(socket)", base: "http+unix://\(PercentEncoding.encode(socket))")
    }

    private init(description: String, base: String, certificates: String? = nil) {
        self.description = description
        self.base = base
        self.certificates = certificates
    }

    /// - Parameters:
    ///   - host: as in `DOCKER_HOST`.
    ///   - verifiesTLS: whether a `tcp` address is spoken to with TLS, both sides showing certificates.
    ///   - certificates: as in `DOCKER_CERT_PATH`; without it `~/.docker`.
    /// - Throws: `AgentError.engineUnavailable` when it is no such address.
    package init(host: String, verifiesTLS: Bool = false, certificates: String? = nil) throws {
        let parts = host.split(separator: "://", maxSplits: 1).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty else { throw Self.wrong(host) }
        switch parts[0] {
        case "unix" where parts[1].hasPrefix("/"):
            self.init(socket: parts[1])
        case "tcp":
            let name = String(parts[1].reversed().drop { $0 == "/" }.reversed())
            self.init(
                description: host, base: "\(verifiesTLS ? "https" : "http")://\(name)",
                certificates: verifiesTLS ? certificates ?? Self.usualCertificates : nil)
        default:
            throw Self.wrong(host)
        }
    }

    /// From `DOCKER_HOST`, `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` of an environment.
    package init(environment: [String: String]) throws {
        try self.init(
            host: Self.value("DOCKER_HOST", environment) ?? Self.standard.description,
            verifiesTLS: Self.value("DOCKER_TLS_VERIFY", environment) != nil,
            certificates: Self.value("DOCKER_CERT_PATH", environment))
    }

    /// Docker's client takes an empty variable for none.
    private static func value(_ name: String, _ environment: [String: String]) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static var usualCertificates: String {
        (getenv("HOME").map { String(cString: $0) } ?? "/root") + "/.docker"
    }

    private static func wrong(_ host: String) -> AgentError {
        AgentError(
            .engineUnavailable,
            "\(host) is no address of a container engine: write unix:///PATH or tcp://HOST:PORT, as in DOCKER_HOST")
    }
}

enum PercentEncoding {
    /// All but what RFC 3986 calls unreserved.
    static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                String(UnicodeScalar(byte))
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
